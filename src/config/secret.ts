import { inspect } from 'node:util';

/** A text that no log, message or JSON shows by accident; only `reveal` gives it away. */
export type Secret = { readonly reveal: () => string; readonly toString: () => string };

const SHOWN = '[secret]';

export function createSecret(text: string): Secret {
  const shown = () => SHOWN;
  return Object.freeze({ reveal: () => text, toString: shown, toJSON: shown, [inspect.custom]: shown });
}
