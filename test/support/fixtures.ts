import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';

const FOLDER = new URL('../fixtures/', import.meta.url);

const views = z.object({
  /** Epoch ms: when it was made; what the ledger says of now is to be seen from there. */
  madeAt: z.number(),
  views: z.record(z.string(), z.array(z.record(z.string(), z.union([z.string(), z.number(), z.null()])))),
});

/** The account of every ledger among the fixtures. */
export const FIXTURE_LOGIN = 'agency@example.com';
export const FIXTURE_APIS = ['backlinks', 'serp', 'merchant'];

/** Its bytes as they lie in the repository, for their digest. */
export function fixtureBytes(file: string): Buffer {
  return readFileSync(new URL(file, FOLDER));
}

/** Unpacks a ledger of an earlier schema. @param name - `schema-0001`. */
export function placeFixture(name: string, path: string): void {
  writeFileSync(path, gunzipSync(fixtureBytes(`${name}.db.gz`)));
}

/** What its views said when it was made. */
export function fixtureViews(name: string): z.output<typeof views> {
  return views.parse(JSON.parse(gunzipSync(fixtureBytes(`${name}.json.gz`)).toString('utf8')));
}
