import type { Explanation } from '../domain/explanation.ts';
import type { Standing } from '../domain/strip.ts';
import { ask, inWords } from './ask.ts';
import { at, draw, h, svg, unbroken } from './dom.ts';
import { explained } from './explained.ts';
import { moment } from './format.ts';
import { patternId, patterns } from './patterns.ts';

type StripPiece = { readonly since: string; readonly until: string; readonly standing: Standing };
export type Strip = {
  readonly api: string;
  readonly since: string;
  readonly until: string;
  readonly pieces: readonly StripPiece[];
};

const WORDS: Readonly<Record<Standing, string>> = {
  metadata: 'with metadata',
  ids: 'ids, cost and status',
  unsettled: 'read, may still change',
  gap: 'to be read',
  gap_metadata: 'ids held, metadata to be read',
  lost: 'lost',
  lost_metadata: 'metadata lost, ids held',
  doubt: 'in doubt',
};

const WIDTH = 1_000;
const HEIGHT = 40;
/** What is wrong is seen however short it is. */
const LEAST_WIDTH: Partial<Record<Standing, number>> = {
  lost: 3,
  lost_metadata: 3,
  doubt: 3,
  gap: 1.5,
  gap_metadata: 1.5,
};
const ASKED_AFTER_MS = 120;

/** Draws the strip of each API. */
export function showStrips(strips: readonly Strip[]): void {
  const place = at('strips');
  const names = strips.map(({ api }) => api);
  if (strips.length === 0) {
    draw(place, 'none', () => [h('p', { class: 'empty' }, 'Nothing is read yet.')]);
    return;
  }
  draw(place, names, () => strips.map(({ api }) => createStrip(api)));
  for (const strip of strips) updates.get(strip.api)?.(strip);
}

const updates = new Map<string, (strip: Strip) => void>();

type Drawn = { readonly bar: HTMLElement; readonly cursor: HTMLElement; readonly told: HTMLElement };

function createStrip(api: string): HTMLElement {
  const picture = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' });
  const cursor = h('div', { class: 'strip-cursor', hidden: true });
  const bar = h(
    'div',
    {
      class: 'strip-bar',
      role: 'slider',
      tabindex: 0,
      'aria-label': `Coverage of ${api}: choose a moment`,
      'aria-valuemin': 0,
      'aria-valuemax': 1_000,
      'aria-valuenow': 1_000,
    },
    picture,
    cursor,
  );
  const axis = h('div', { class: 'strip-axis', 'aria-hidden': 'true' });
  const told = h('p', { class: 'strip-told', role: 'status' }, HINT);
  const range = h('span', { class: 'note' });
  const table = h('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': `Stretches of ${api}` });
  const list = h('details', {}, h('summary', {}, 'As a table'), table);
  const state: { strip: Strip | null } = { strip: null };
  follow({ bar, cursor, told }, () => state.strip);
  updates.set(api, (strip) => {
    state.strip = strip;
    const drawn = { ...strip, since: strip.since.slice(0, 16), until: strip.until.slice(0, 16) };
    draw(picture, drawn, () => [...patterns(`${api}-`), ...piecesOf(strip)]);
    draw(axis, drawn, () => monthsOf(strip));
    draw(table, strip.pieces, () => [tableOf(strip)]);
    const text = `${moment(strip.since).slice(0, 16)} to ${moment(strip.until).slice(0, 16)}`;
    if (range.textContent !== text) range.textContent = text;
  });
  return h(
    'div',
    { class: 'strip' },
    h('div', { class: 'strip-head' }, h('h3', {}, api), range),
    bar,
    axis,
    told,
    list,
  );
}

const HINT = 'Point at a moment, or use the arrow keys, to see which call covered it.';

function piecesOf(strip: Strip): Node[] {
  const [since, length] = [Date.parse(strip.since), Date.parse(strip.until) - Date.parse(strip.since)];
  const x = (iso: string) => ((Date.parse(iso) - since) / length) * WIDTH;
  const drawn = strip.pieces.map((piece) => {
    const width = Math.max(x(piece.until) - x(piece.since), LEAST_WIDTH[piece.standing] ?? 0.2);
    const left = Math.max(Math.min(x(piece.since), WIDTH - width), 0);
    const fill = `url(#${patternId(`${strip.api}-`, piece.standing)})`;
    return {
      order: LEAST_WIDTH[piece.standing] ?? 0,
      node: svg('rect', { x: left.toFixed(2), y: 0, width: width.toFixed(2), height: HEIGHT, fill }),
    };
  });
  return [
    svg('rect', { x: 0, y: 0, width: WIDTH, height: HEIGHT, class: 'ground' }),
    // What is wrong lies on top.
    ...drawn.sort((a, b) => a.order - b.order).map(({ node }) => node),
  ];
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function monthsOf(strip: Strip): HTMLElement[] {
  const [since, until] = [Date.parse(strip.since), Date.parse(strip.until)];
  const ticks: HTMLElement[] = [];
  const first = new Date(since);
  for (let month = 1; month < 9; month += 1) {
    const tick = Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + month, 1);
    const place = ((tick - since) / (until - since)) * 100;
    if (place > 96) break;
    const label = h('span', {}, MONTHS[new Date(tick).getUTCMonth()] ?? '');
    label.style.left = `${place.toFixed(2)}%`;
    ticks.push(label);
  }
  return ticks;
}

const MOST_LISTED = 300;

function tableOf({ pieces }: Strip): HTMLElement {
  const rows = pieces.toReversed().slice(0, MOST_LISTED);
  const head = h('tr', {}, ...['From', 'Until', 'Standing'].map((name) => h('th', { scope: 'col' }, name)));
  const body = rows.map(({ since, until, standing }) =>
    h(
      'tr',
      {},
      h('td', { class: 'nowrap' }, moment(since)),
      h('td', { class: 'nowrap' }, moment(until)),
      h('td', {}, WORDS[standing]),
    ),
  );
  const more =
    pieces.length > MOST_LISTED
      ? `The newest ${MOST_LISTED} of ${pieces.length} stretches`
      : 'Every stretch, newest first';
  return h('table', {}, h('caption', {}, more), h('thead', {}, head), h('tbody', {}, ...body));
}

/** Pointer and keys move one cursor; what it stands on is told below. */
function follow({ bar, cursor, told }: Drawn, stripNow: () => Strip | null): void {
  const state: { share: number; timer: number; asking: AbortController } = {
    share: 1,
    timer: 0,
    asking: new AbortController(),
  };
  const moveTo = (share: number) => {
    const strip = stripNow();
    if (strip === null) return;
    state.share = Math.min(Math.max(share, 0), 1);
    cursor.hidden = false;
    cursor.style.left = `${(state.share * 100).toFixed(3)}%`;
    const [since, until] = [Date.parse(strip.since), Date.parse(strip.until)];
    const when = Math.min(Math.floor((since + state.share * (until - since)) / 1000) * 1000, until - 1000);
    const standing = strip.pieces.find(
      (piece) => Date.parse(piece.since) <= when && when < Date.parse(piece.until),
    )?.standing;
    const words = standing === undefined ? 'outside of what is read' : WORDS[standing];
    bar.setAttribute('aria-valuenow', String(Math.round(state.share * 1_000)));
    bar.setAttribute('aria-valuetext', `${moment(when)} UTC: ${words}`);
    told.replaceChildren(h('strong', { class: 'nowrap' }, `${moment(when)} UTC`), ` · ${words}`);
    clearTimeout(state.timer);
    state.asking.abort();
    state.asking = new AbortController();
    const { signal } = state.asking;
    state.timer = setTimeout(() => void tell(strip.api, { when, words }, { told, signal }), ASKED_AFTER_MS);
  };
  bar.addEventListener('pointermove', (event) => {
    const { left, width } = bar.getBoundingClientRect();
    moveTo((event.clientX - left) / width);
  });
  bar.addEventListener('pointerdown', (event) => {
    const { left, width } = bar.getBoundingClientRect();
    moveTo((event.clientX - left) / width);
  });
  bar.addEventListener('keydown', (event) => {
    const step = event.shiftKey ? 0.001 : 0.01;
    const steps: Readonly<Record<string, number>> = {
      ArrowRight: step,
      ArrowUp: step,
      ArrowLeft: -step,
      ArrowDown: -step,
      PageUp: 0.1,
      PageDown: -0.1,
      Home: -1,
      End: 1,
    };
    const by = steps[event.key];
    if (by === undefined) return;
    event.preventDefault();
    moveTo(state.share + by);
  });
}

type Place = { readonly told: HTMLElement; readonly signal: AbortSignal };

async function tell(
  api: string,
  { when, words }: { when: number; words: string },
  { told, signal }: Place,
): Promise<void> {
  const lead = [h('strong', { class: 'nowrap' }, `${moment(when)} UTC`), ` · ${words}`];
  try {
    const answer = await ask<Explanation>('/api/explain', { at: new Date(when).toISOString() }, signal);
    const of = answer.kind === 'moment' ? answer.apis.find((each) => each.api === api) : undefined;
    if (of !== undefined) told.replaceChildren(...lead, ...unbroken(` · ${explained(of)}`));
  } catch (error) {
    if (!signal.aborted) told.replaceChildren(...lead, ` · ${inWords(error)}`);
  }
}
