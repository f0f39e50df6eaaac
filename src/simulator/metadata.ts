import type { TaskModel } from './model.ts';
import type { SimulatorOptions } from './options.ts';
import { chance, pick } from './random.ts';

const SALT = { tagged: 50, tag: 51, target: 52, large: 53, script: 54, word: 55 };

const WORDS = {
  latin: ['rank checker', 'backlink audit', 'spare parts', 'weekend in Málaga'],
  cyrillic: ['проверка ссылок', 'купить велосипед', 'погода в Одессе', 'щётка'],
  arabic: ['تحليل الروابط', 'مطعم قريب', 'سعر الذهب', 'كتاب'],
  han: ['反向連結分析', '自行车价格', '天気予報', '검색 순위'],
  emoji: ['🚲 bike', '👩‍🚀 rocket', '🏳️‍🌈 flag', '\u{1F9D1}🏽‍🔧 repair'],
} as const satisfies Record<string, readonly [string, ...string[]]>;

const SCRIPTS = ['latin', 'cyrillic', 'arabic', 'han', 'emoji'] as const;

/** What a task was posted with: the request, repeated with the vendor's `api` and `function`. */
export type Posted = {
  readonly target: string;
  readonly tag: string | null;
  readonly body: Readonly<Record<string, unknown>>;
};

/** The request of one task, about as many bytes of JSON as the options say. */
export function postedBody(model: TaskModel, options: SimulatorOptions['metadata'], index: number): Posted {
  const draw = (salt: number) => chance(model.seed, index, salt);
  const tag = draw(SALT.tagged) < options.tagShare ? `customer-${Math.floor(draw(SALT.tag) * options.tags) + 1}` : null;
  const target = `site-${Math.floor(draw(SALT.target) * 5_000)}.example.com`;
  const words = WORDS[options.script === 'mixed' ? pick(SCRIPTS, draw(SALT.script)) : options.script];
  const [, name = ''] = model.endpoint(index).split('/');
  const body = {
    api: model.api,
    function: name,
    target,
    keyword: pick(words, draw(SALT.word)),
    ...(tag === null ? {} : { tag }),
    include_subdomains: true,
    limit: 100,
  };
  const bytes = draw(SALT.large) < options.largeShare ? options.largeBytes : options.bytes;
  return { target, tag, body: padded(body, bytes, words) };
}

function padded(body: Record<string, unknown>, bytes: number, words: readonly string[]): Record<string, unknown> {
  const missing = bytes - Buffer.byteLength(JSON.stringify(body)) - ',"internal_list":[""]'.length;
  if (missing <= 0) return body;
  const line = words.join(' / ');
  const lines = Math.ceil(missing / (Buffer.byteLength(line) + 3));
  const short = missing < Buffer.byteLength(line) ? 'x'.repeat(missing) : line;
  return { ...body, internal_list: Array.from({ length: lines }, () => short) };
}
