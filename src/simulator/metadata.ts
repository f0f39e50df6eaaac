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

/** The customer's tag; null where the task was posted without one. */
export function tagOf(model: TaskModel, options: SimulatorOptions['metadata'], index: number): string | null {
  if (chance(model.seed, index, SALT.tagged) >= options.tagShare) return null;
  return `customer-${Math.floor(chance(model.seed, index, SALT.tag) * options.tags) + 1}`;
}

export function targetOf(model: TaskModel, options: SimulatorOptions['metadata'], index: number): string {
  return `site-${Math.floor(chance(model.seed, index, SALT.target) * options.targets)}.example.com`;
}

/**
 * What a task was posted with: the request, repeated with the vendor's `api` and `function`; about as many bytes of JSON as the
 * options say.
 */
export function postedBody(
  model: TaskModel,
  options: SimulatorOptions['metadata'],
  index: number,
): Readonly<Record<string, unknown>> {
  const draw = (salt: number) => chance(model.seed, index, salt);
  const tag = tagOf(model, options, index);
  const words = WORDS[options.script === 'mixed' ? pick(SCRIPTS, draw(SALT.script)) : options.script];
  const [, name = ''] = model.endpoint(index).split('/');
  const body = {
    api: model.api,
    function: name,
    target: targetOf(model, options, index),
    keyword: pick(words, draw(SALT.word)),
    ...(tag === null ? {} : { tag }),
    include_subdomains: true,
    limit: 100,
  };
  return padded(body, draw(SALT.large) < options.largeShare ? options.largeBytes : options.bytes, words);
}

function padded(body: Record<string, unknown>, bytes: number, words: readonly string[]): Record<string, unknown> {
  const missing = bytes - Buffer.byteLength(JSON.stringify(body)) - ',"internal_list":[""]'.length;
  if (missing <= 0) return body;
  const line = words.join(' / ');
  const lines = Math.ceil(missing / (Buffer.byteLength(line) + 3));
  const short = missing < Buffer.byteLength(line) ? 'x'.repeat(missing) : line;
  return { ...body, internal_list: Array.from({ length: lines }, () => short) };
}
