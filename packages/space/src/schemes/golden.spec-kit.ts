import { expect } from 'vitest';
import { resolveOptions } from '../options.ts';
import type { Scheme } from '../scheme.ts';
import { entriesOf } from '../testing/subject.ts';
import { Parameter } from '../weight/parameter.ts';
import { Weight } from '../weight/weight.ts';
import fixtures from './schemes.fixtures.json' with { type: 'json' };

/** Names of the fixtures of a kind. */
export function goldenNames(kind: string): string[] {
  return fixtures.cases.filter((golden) => golden.kind === kind).map(({ name }) => name);
}

/** Decodes the stored values of a fixture in double precision and compares every entry. */
export function expectGolden({ definition }: Scheme, name: string): void {
  const golden = fixtures.cases.find((candidate) => candidate.name === name);
  const { rows, cols } = fixtures;
  const options = resolveOptions(definition.kind, definition.options, { ...golden?.options }, 0);
  const stored = golden?.stored as unknown as Readonly<Record<string, number[]>>;
  const arrays = Object.entries(definition.stored(options, { rows, cols }));
  const values = arrays.map(([array]) => Float64Array.from(stored[array] as number[]));
  const parameters = arrays.map(([array, shape], k) => Parameter.of(array, values[k] as Float64Array, shape));
  // Without the scale that dual space measures at the start: the paper has none.
  const weight = new Weight({ definition, options, rows, cols, parameters, policy: 'tile' });
  const entries = [...entriesOf(weight.virtual, values)];
  expect(entries).toHaveLength(rows * cols);
  entries.forEach((entry, k) => {
    expect(entry, `${name}, entry ${k}`).toBeCloseTo(golden?.entries[k] as number, 12);
  });
}
