import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JsonValue } from '../json/json.ts';
import { editedJson, jsonAt, jsonPaths } from './json-edits.ts';

test('every place is found, and an edit that changes nothing gives the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (given) => {
      const value = given as JsonValue;
      const paths = jsonPaths(value);
      expect(new Set(paths.map((path) => JSON.stringify(path))).size).toBe(paths.length);
      for (const path of paths) {
        expect(editedJson(value, path, (key, old) => [[key, old]])).toEqual(value);
        expect(
          jsonAt(
            editedJson(value, path, (key) => [[key, 'new']]),
            path,
          ),
        ).toBe('new');
      }
    }),
    { seed: 1, numRuns: 200 },
  );
});

test('an entry is left out, or several take its place', () => {
  const value = { a: [1, 2], b: 3 };
  expect(editedJson(value, ['a', '0'], () => [])).toEqual({ a: [2], b: 3 });
  const twice = (key: string, old: JsonValue) => [[key, old] as const, ['c', 4] as const];
  expect(editedJson(value, ['b'], twice)).toEqual({ a: [1, 2], b: 3, c: 4 });
});
