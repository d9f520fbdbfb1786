import fc from 'fast-check';
import { expect, test, vi } from 'vitest';

vi.mock('picocolors', () => ({ default: { isColorSupported: true } }));
const { paint, shown } = await import('./paint.ts');
const { tableOf } = await import('./table.ts');

/** What a terminal obeys, by number. */
const steers = (character: string): boolean => {
  const code = character.codePointAt(0) as number;
  return (
    (code < 0x20 && character !== '\n') ||
    (code >= 0x7f && code < 0xa0) ||
    (code >= 0x202a && code <= 0x202e) ||
    (code >= 0x2066 && code <= 0x2069)
  );
};
const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\u001b[31m', '\u009b2J', '\u202e', '\u0007', '\r', 'a', '\n'),
    fc.nat(0xff).map((code) => String.fromCharCode(code)),
  ),
});

test('no text steers a terminal, bare or within a look', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      expect([...shown(text)].filter(steers)).toEqual([]);
      const bold = shown(paint('bold', text));
      expect(bold.startsWith('\u001b[1m') && bold.endsWith('\u001b[22m')).toBe(true);
      expect(bold.slice(4, -5)).toBe(shown(text));
    }),
    { seed: 3, numRuns: 500 },
  );
});

test('JSON stays the same JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue(), hostile, (value, text) => {
      const all = { value, text };
      expect(JSON.parse(shown(JSON.stringify(all, null, 2)))).toEqual(JSON.parse(JSON.stringify(all)));
    }),
    { seed: 4, numRuns: 300 },
  );
});

test('a cell of a table stays on its line, in its column', () => {
  const lines = shown(
    tableOf(
      ['name', 'n'],
      [
        ['a\n\u009bb', '1'],
        ['c', '22'],
      ],
    ),
  ).split('\n');
  expect(lines).toEqual([expect.stringContaining('name'), 'a\\u000a\\u009bb   1', 'c               22']);
});

test('a table of 200 000 rows is no deep stack', () => {
  const rows = Array.from({ length: 200_000 }, (_, k) => [String(k), 'x']);
  expect(tableOf(['image', 'class'], rows).split('\n')).toHaveLength(200_001);
});
