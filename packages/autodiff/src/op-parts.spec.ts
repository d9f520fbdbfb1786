import { expect, test } from 'vitest';
import * as index from './index.ts';
import * as parts from './op-parts.ts';

test('the index, which layers pass on whole, has no inner parts of ops', () => {
  expect(Object.keys(index).filter((name) => name in parts)).toEqual([]);
});
