import { quoted } from '@funhash/hashing';

/** A value that JSON text can hold. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** Ceilings that keep hostile text from costing much more memory or stack than its own length. */
export interface JsonLimits {
  /** Nested arrays and objects; a bare number has depth 0. */
  readonly maxDepth: number;
  /** Values in all, containers included. */
  readonly maxValues: number;
}

/** Called once, with the position in UTF-16 units, when the text is refused; it throws. */
export type JsonRefusal = (position: number, expected: string, actual: string) => never;

const numberToken = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const loneSurrogate = /\p{Surrogate}/u;

/**
 * JSON text to a value, more strictly than `JSON.parse`: a repeated key, a lone surrogate, a number beyond f64, and
 * anything over the limits is refused. Objects have no prototype, so that every key is only a key.
 */
export function parseJson(text: string, limits: JsonLimits, refuse: JsonRefusal): JsonValue {
  return reader(text, limits, refuse).whole();
}

/**
 * The members of an object in JSON text, one after the other, as strictly as `parseJson`: only one of them is in memory,
 * within limits of its own, and the text is refused at the first one that `visit` throws for.
 */
export function visitMembers(
  text: string,
  limitsOf: (key: string) => JsonLimits,
  refuse: JsonRefusal,
  visit: (key: string, value: JsonValue) => void,
): void {
  reader(text, { maxDepth: 1, maxValues: 1 }, refuse).members(limitsOf, visit);
}

function reader(text: string, first: JsonLimits, refuse: JsonRefusal) {
  let limits = first;
  let at = 0;
  let values = 0;

  function fail(expected: string, position = at): never {
    const actual =
      position < text.length ? quoted(text.slice(position, position + 16)) : 'the end of the text';
    return refuse(position, expected, actual);
  }

  function skipSpace(): void {
    for (;;) {
      const code = text.charCodeAt(at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      at++;
    }
  }

  function takeIf(character: string): boolean {
    if (text[at] !== character) return false;
    at++;
    return true;
  }

  function readString(): string {
    if (text[at] !== '"') return fail('a string in double quotes');
    const opening = at++;
    let escaped = false;
    for (let code = text.charCodeAt(at); code !== 0x22; code = text.charCodeAt(at)) {
      if (!(code >= 0x20)) return fail('a string without control characters and with its closing quote');
      if (code === 0x5c) {
        escaped = true;
        at++;
      }
      at++;
    }
    at++;
    return escaped ? unescapeString(opening) : text.slice(opening + 1, at - 1);
  }

  function unescapeString(opening: number): string {
    let result: string;
    try {
      result = JSON.parse(text.slice(opening, at));
    } catch {
      return fail('a string with JSON escapes only', opening);
    }
    return isWellFormed(result) ? result : fail('a string without lone surrogates', opening);
  }

  function readNumber(): number {
    numberToken.lastIndex = at;
    const token = numberToken.exec(text)?.[0];
    if (token === undefined) return fail('a JSON value');
    const value = Number(token);
    if (!Number.isFinite(value)) return fail('a number within the range of f64');
    at += token.length;
    return value;
  }

  function readArray(depth: number): JsonValue {
    at++;
    const items: JsonValue[] = [];
    skipSpace();
    if (takeIf(']')) return items;
    for (;;) {
      items.push(readValue(depth + 1));
      skipSpace();
      if (takeIf(']')) return items;
      if (!takeIf(',')) return fail('"," or "]"');
    }
  }

  function readObject(depth: number): JsonValue {
    at++;
    const fields: Record<string, JsonValue> = Object.create(null);
    readFields((key, position) => {
      if (key in fields) fail('every key once', position);
      return (value) => {
        fields[key] = value;
      };
    }, depth);
    return fields;
  }

  /** Fields of an object, behind its opening brace. */
  function readFields(
    keep: (key: string, position: number) => (value: JsonValue) => void,
    depth: number,
  ): void {
    skipSpace();
    if (takeIf('}')) return;
    for (;;) {
      skipSpace();
      const position = at;
      const key = readString();
      const put = keep(key, position);
      skipSpace();
      if (!takeIf(':')) fail('":"');
      put(readValue(depth + 1));
      skipSpace();
      if (takeIf('}')) return;
      if (!takeIf(',')) fail('"," or "}"');
    }
  }

  function readValue(depth: number): JsonValue {
    skipSpace();
    if (++values > limits.maxValues) return fail(`at most ${limits.maxValues} JSON values`);
    const first = text[at];
    if (first === '{' || first === '[') {
      if (depth >= limits.maxDepth) return fail(`at most ${limits.maxDepth} nested levels`);
      return first === '{' ? readObject(depth) : readArray(depth);
    }
    if (first === '"') return readString();
    for (const [word, value] of [
      ['true', true],
      ['false', false],
      ['null', null],
    ] as const) {
      if (first === word[0] && text.startsWith(word, at)) {
        at += word.length;
        return value;
      }
    }
    return readNumber();
  }

  function whole(): JsonValue {
    const value = readValue(0);
    requireEnd();
    return value;
  }

  function members(
    limitsOf: (key: string) => JsonLimits,
    visit: (key: string, value: JsonValue) => void,
  ): void {
    skipSpace();
    if (!takeIf('{')) fail('an object');
    const seen = new Set<string>();
    readFields((key, position) => {
      if (seen.has(key)) fail('every key once', position);
      seen.add(key);
      limits = limitsOf(key);
      values = 0;
      return (value) => visit(key, value);
    }, 0);
    requireEnd();
  }

  function requireEnd(): void {
    skipSpace();
    if (at < text.length) fail('nothing after the JSON value');
  }

  return { whole, members };
}

/** Order by Unicode code points, which is the order of the UTF-8 bytes; plain `<` orders by UTF-16 units. */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return surrogatesLast(x) - surrogatesLast(y);
  }
  return a.length - b.length;
}

function surrogatesLast(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}

/** Whether UTF-8 can hold the string. */
export function isWellFormed(text: string): boolean {
  return !loneSurrogate.test(text);
}
