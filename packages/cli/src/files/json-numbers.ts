/** Numbers in nested lists of equal length: `data` is row-major of `shape`. */
export interface NumbersOf {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Refuses the text, at a character where that is known. */
export type NumbersRefusal = (expected: string, actual: string) => never;

const mostDepth = 16;
const numberToken = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

/**
 * Numbers out of JSON text: a number, or lists of numbers of any depth whose lengths agree. Memory is 4 bytes for each
 * comma of the text.
 */
export function parseNumbers(text: string, refuse: NumbersRefusal): NumbersOf {
  const data = new Float32Array(1 + commasIn(text));
  let [at, length, depth] = [0, 0, 0];
  /** Members so far, and members that a list must have, by depth. */
  const counts: number[] = [];
  const lengths: number[] = [];
  let numberDepth: number | undefined;

  const here = (): string =>
    counts
      .slice(0, depth)
      .map((count) => `[${count}]`)
      .join('') || 'the top';
  const fail = (expected: string): never =>
    refuse(
      `${expected} at character ${at}`,
      at < text.length ? JSON.stringify(text.slice(at, at + 16)) : 'the end of the text',
    );
  const ragged = (expected: string, actual: string): never =>
    refuse(`lists of equal length: ${expected} at ${here()}, character ${at}`, actual);

  function skipSpace(): void {
    while (' \n\r\t'.includes(text[at] ?? 'x')) at++;
  }

  function readNumber(): void {
    numberToken.lastIndex = at;
    const [token = ''] = numberToken.exec(text) ?? [];
    if (token === '') fail('a number or a list of numbers');
    if (numberDepth !== undefined && depth !== numberDepth) ragged('a list, as elsewhere', 'a number');
    numberDepth = depth;
    const value = Number(token);
    if (!Number.isFinite(Math.fround(value))) fail('a number within the range of f32');
    data[length++] = value;
    at += token.length;
  }

  /** Leaves the lists that end here. */
  function close(): void {
    for (skipSpace(); depth > 0 && text[at] === ']'; skipSpace()) {
      const count = counts[--depth] as number;
      const asked = lengths[depth] ?? count;
      lengths[depth] = count;
      if (count !== asked) ragged(`${asked} members`, String(count));
      at++;
      if (depth > 0) counts[depth - 1] = (counts[depth - 1] as number) + 1;
    }
  }

  for (;;) {
    skipSpace();
    if (text[at] === '[') {
      if (depth === numberDepth) ragged('a number, as elsewhere', 'a list');
      if (depth === mostDepth) fail(`at most ${mostDepth} nested lists`);
      counts[depth++] = 0;
      at++;
      continue;
    }
    readNumber();
    if (depth > 0) counts[depth - 1] = (counts[depth - 1] as number) + 1;
    close();
    if (depth === 0) break;
    if (text[at] !== ',') fail('"," or "]"');
    at++;
  }
  if (at < text.length) fail('nothing behind the numbers');
  return { shape: lengths, data: data.subarray(0, length) };
}

function commasIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf(','); at >= 0; at = text.indexOf(',', at + 1)) count++;
  return count;
}
