import { isDeepStrictEqual } from 'node:util';
import { zstdCompressSync } from 'node:zlib';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { EXPORT_COLUMNS, type ExportColumn, type ExportRow } from '../../domain/task-export.ts';
import type { Encoder } from './encoders.ts';
import type { Sink } from './sink.ts';

/** A row group is what a reader takes into memory at once, and what this process holds until it is full. */
const GROUP_ROWS = 4_000;
const GROUP_CHARACTERS = 4 * 1024 * 1024;
const LEAST_CHUNK = 64;
const LARGEST_CHUNK = 64 * 1024;

type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]['schema'][number];
type ColumnSource = Parameters<ParquetWriter['write']>[0]['columnData'][number];

/** Apache Parquet with Zstandard. Whole numbers are INT64, instants TIMESTAMP in UTC, JSON is text. */
export function parquetEncoder(sink: Sink, createdBy: string): Encoder {
  const writer = new ParquetWriter({
    writer: writerTo(sink),
    schema: [{ name: 'tasks', num_children: EXPORT_COLUMNS.length }, ...EXPORT_COLUMNS.map(elementOf)],
    codec: 'ZSTD',
    compressors: { ZSTD: compress },
    createdBy,
  });
  let group: ExportRow[] = [];
  let characters = 0;
  const flush = async () => {
    const rows = group;
    [group, characters] = [[], 0];
    // What is told of a row group is held to the end, and with it memory grows: no index of pages, for a group is small enough to be
    // read as a whole, and the least and the greatest value only of numbers and times, by which a reader can pass groups over.
    const columnData = EXPORT_COLUMNS.map((column, at) => ({
      ...sourceOf(column, rows, at),
      offsetIndex: false,
      statistics: column.type !== 'text' && column.type !== 'json',
    }));
    if (rows.length === 0) return;
    await writer.write({ columnData, rowGroupSize: rows.length });
    keepLess(writer);
  };
  return {
    add: async (rows) => {
      for (const row of rows) {
        group.push(row);
        characters += row.reduce<number>((sum, value) => sum + (typeof value === 'string' ? value.length : 8), 0);
      }
      if (group.length >= GROUP_ROWS || characters >= GROUP_CHARACTERS) await flush();
    },
    end: async () => {
      await flush();
      await writer.finish();
    },
  };
}

/** What every group says alike of a column is kept once, and what nobody asks for not at all. */
function keepLess(writer: ParquetWriter): void {
  writer.pendingIndexes = [];
  const [first, last] = [writer.row_groups[0], writer.row_groups.at(-1)];
  for (const [at, { meta_data: told }] of last?.columns.entries() ?? []) {
    const before = first?.columns[at]?.meta_data;
    if (told === undefined || before === undefined) continue;
    const { path_in_schema, encodings, encoding_stats } = before;
    told.path_in_schema = path_in_schema;
    if (isDeepStrictEqual(told.encodings, encodings)) told.encodings = encodings;
    if (encoding_stats !== undefined && isDeepStrictEqual(told.encoding_stats, encoding_stats))
      told.encoding_stats = encoding_stats;
  }
}

/** Into pieces of about what comes out: Node's own of 16 KiB for each small column would lie about until they are collected. */
function compress(bytes: Uint8Array): Uint8Array {
  return zstdCompressSync(bytes, { chunkSize: Math.min(Math.max(bytes.length, LEAST_CHUNK), LARGEST_CHUNK) });
}

/** Hands on each row group, and then the end, so that only one is held. */
function writerTo(sink: Sink): ByteWriter {
  const bytes = new ByteWriter();
  const hand = async () => {
    const chunk = bytes.getBytes().slice();
    bytes.index = 0;
    await sink.write(chunk);
  };
  return Object.assign(bytes, { flush: hand, finish: hand });
}

function elementOf({ name, type, nullable }: ExportColumn): SchemaElement {
  const repetition_type = nullable ? 'OPTIONAL' : 'REQUIRED';
  switch (type) {
    case 'text':
    case 'json':
      return { name, type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' }, repetition_type };
    case 'integer':
      return { name, type: 'INT64', repetition_type };
    case 'real':
      return { name, type: 'DOUBLE', repetition_type };
    case 'instant':
      return {
        name,
        type: 'INT64',
        converted_type: 'TIMESTAMP_MILLIS',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
        repetition_type,
      };
  }
}

function sourceOf({ name, type }: ExportColumn, rows: readonly ExportRow[], at: number): ColumnSource {
  const values = rows.map((row) => row[at] ?? null);
  switch (type) {
    case 'integer':
      return { name, data: values.map((value) => (value === null ? null : BigInt(value))) };
    case 'instant':
      return { name, data: values.map((value) => (value === null ? null : BigInt(value) * 1000n)) };
    case 'text':
    case 'json':
    case 'real':
      return { name, data: values };
  }
}
