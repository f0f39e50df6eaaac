/** What the server says where it does not answer. */
export class AskError extends Error {
  override readonly name = 'AskError';
  /** Whether it is the daemon's own word, and not that nobody answers or something in between does. */
  readonly isOurs: boolean;

  constructor(message: string, isOurs = false) {
    super(message);
    this.isOurs = isOurs;
  }
}

/** Asks the API. @throws {AskError} with words for people. */
export async function ask<Answer>(
  path: string,
  query: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<Answer> {
  const given = Object.entries(query).filter(([, value]) => value !== '');
  const address = given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
  // Not relative: where the page's address holds name and token, browsers refuse to ask from there.
  const response = await fetch(new URL(address, location.origin), signal === undefined ? {} : { signal }).catch(
    (error: unknown) => {
      if (signal?.aborted === true) throw error;
      throw new AskError('The daemon does not answer.');
    },
  );
  const text = await response.text();
  if (!response.ok) {
    const words = wordsIn(text);
    throw new AskError(words ?? `The daemon answers with ${response.status}.`, words !== null);
  }
  return read<Answer>(text);
}

/** The server is ours and of this version: checking its shapes once more would only make the page slower. */
export function read<Answer>(json: string): Answer {
  const answer: Answer = JSON.parse(json);
  return answer;
}

/** Null where something else answers, such as a proxy in between. */
function wordsIn(text: string): string | null {
  if (!text.startsWith('{"error":')) return null;
  const { error, hint } = read<{ readonly error: string; readonly hint?: string }>(text);
  return hint === undefined ? error : `${error} ${hint}`;
}

export function inWords(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
