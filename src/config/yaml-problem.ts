import { visit, type Document, type ErrorCode, type YAMLError } from 'yaml';

/** Where in the text, and what is wrong there: never with a word of the text, which may be a secret. */
export type YamlProblem = { readonly offset: number; readonly what: string };

const quotes = (first: string) => `a value that begins with ${first} needs quotes`;

const COLON = 'between a setting and its value stand a colon and a space, as in "rate_calls: 10"';
const COLUMN = 'each setting begins a line, with nothing before it';
const STRANGE = `it is not understood; ${COLON}, and a value with signs in it needs quotes`;

/** The parser's own messages quote the text that they are about. */
const WORDS: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: quotes('*'),
  BAD_ALIAS: quotes('* or &'),
  BAD_COLLECTION_TYPE: quotes('!'),
  BAD_DIRECTIVE: 'a line that begins with % is no setting',
  BAD_DQ_ESCAPE: 'between double quotes a backslash must stand twice; between single quotes it stands for itself',
  BAD_INDENT: `what [ or { opens must be closed, and ${COLUMN}`,
  BAD_PROP_ORDER: quotes('! or &'),
  BAD_SCALAR_START: quotes('%, @ or `'),
  BLOCK_AS_IMPLICIT_KEY: 'a value with a colon and a space in it needs quotes',
  BLOCK_IN_FLOW: 'what [ or { opens must be closed in the same line',
  DUPLICATE_KEY: 'this setting stands there a second time',
  IMPOSSIBLE: STRANGE,
  KEY_OVER_1024_CHARS: 'no setting has so long a name',
  MISSING_CHAR: COLON,
  MULTILINE_IMPLICIT_KEY: COLON,
  MULTIPLE_ANCHORS: quotes('&'),
  MULTIPLE_DOCS: 'a line of --- or ... ends the settings, and more stands behind it',
  MULTIPLE_TAGS: quotes('!'),
  NON_STRING_KEY: 'that is no name of a setting',
  RESOURCE_EXHAUSTION: 'too much is nested in it',
  TAB_AS_INDENT: `a tab stands there; ${COLUMN}`,
  TAG_RESOLVE_FAILED: quotes('!'),
  UNEXPECTED_TOKEN: 'this does not belong behind what stands before it; a value with signs in it needs quotes',
};

/**
 * The first thing that is wrong with a YAML document. What the parser only warns of counts too: it drops a word that begins with
 * an exclamation mark, and goes on with the rest of a password.
 */
export function yamlProblem(document: Document): YamlProblem | null {
  const [error] = [...document.errors, ...document.warnings];
  if (error === undefined) return dropped(document);
  const codes = document.errors.map(({ code }) => code);
  const [offset] = error.pos;
  // The parser takes the value and the lines below it, which stand further in, for one name of many lines.
  if (error.code === 'BLOCK_AS_IMPLICIT_KEY' && codes.includes('MULTILINE_IMPLICIT_KEY'))
    return { offset, what: `the line below this stands further in; ${COLUMN}` };
  if (error.code === 'MISSING_CHAR') return missing(document, error);
  return { offset, what: WORDS[error.code] };
}

/** Its message alone tells what is missing. */
function missing(document: Document, { pos: [offset], message }: YAMLError): YamlProblem {
  if (message.includes('directives-end')) return { offset, what: WORDS.BAD_DIRECTIVE };
  if (!message.includes('closing')) return { offset, what: WORDS.MISSING_CHAR };
  // It is missed where the text ends, which is not where anybody would look.
  return { offset: lastQuoted(document) ?? offset, what: 'a quote is opened here and never closed' };
}

function lastQuoted(document: Document): number | null {
  let last: number | null = null;
  visit(document, {
    Scalar: (_key, { type, range }) => {
      if (type?.startsWith('QUOTE_') === true) last = range?.[0] ?? last;
    },
  });
  return last;
}

/** What is no error to the parser: a word with * that refers to nothing, or one with & that leaves nothing behind. */
function dropped(document: Document): YamlProblem | null {
  let found: YamlProblem | null = null;
  const tell = (offset: number | undefined, what: string) => {
    found = { offset: offset ?? 0, what };
    return visit.BREAK;
  };
  visit(document, {
    Alias: (_key, alias) => (alias.resolve(document) === undefined ? tell(alias.range?.[0], quotes('*')) : undefined),
    Scalar: (_key, { anchor, value, range }) =>
      anchor !== undefined && value === null ? tell(range?.[0], quotes('&')) : undefined,
  });
  return found;
}
