import { gradientsOf, multiply, sum } from '@funhash/autodiff';
import { ArgumentError } from '@funhash/hashing';
import { type Backend, referenceBackend, scope, tensor, useBackend } from '@funhash/tensor';
import { afterEach, describe, expect, test } from 'vitest';
import { uniform } from '../options.ts';
import { defineScheme, type WeightPolicy } from '../scheme.ts';
import { funHash, hashedNet, lowRank } from '../schemes/index.ts';
import { createWeight } from './create-weight.ts';
import type { Weight } from './weight.ts';

afterEach(async () => void (await useBackend(referenceBackend)));

const wave = (rows: number, cols: number) =>
  tensor(
    Float32Array.from({ length: rows * cols }, (_, k) => Math.sin(k + 1)),
    [rows, cols],
  );

function changeValues(weight: Weight): void {
  for (const parameter of weight.parameters) scope(() => parameter.assign(multiply(parameter.value, 2)));
}

describe.each(['step', 'frozen'] as const)('policy %s', (policy) => {
  test('V is decoded once for each change of a parameter, and the one before is freed', () => {
    const weight = createWeight(hashedNet({ values: 20, policy }), { rows: 4, cols: 5 });
    const first = weight.virtual.decoded;
    scope(() => weight.matmul(wave(2, 5)));
    expect(weight.virtual.decoded).toBe(first);
    expect(first?.dataSync()).toEqual(weight.decode().dataSync());
    const before = [...(first?.dataSync() ?? [])];
    changeValues(weight);
    const second = weight.virtual.decoded;
    expect(second).not.toBe(first);
    expect(first?.isDisposed).toBe(true);
    expect([...(second?.dataSync() ?? [])]).toEqual(before.map((x) => 2 * x));
  });

  test('V outlives the scope in which it was decoded', () => {
    const weight = createWeight(hashedNet({ values: 20, policy }), { rows: 4, cols: 5 });
    const [one, two] = [1, 2].map(() => scope(() => [...weight.matmul(wave(2, 5)).dataSync()]));
    expect(two).toEqual(one);
  });
});

/** A reference backend that notes the lengths of what is allocated and how much is alive. */
function watched() {
  const lengths: number[] = [];
  const live = { elements: 0, peak: 0 };
  const backend: Backend = {
    ...referenceBackend,
    name: 'watched',
    allocate: (dtype, length) => {
      lengths.push(length);
      live.elements += length;
      live.peak = Math.max(live.peak, live.elements);
      return referenceBackend.allocate(dtype, length);
    },
    free: (buffer) => {
      live.elements -= buffer.length;
      referenceBackend.free(buffer);
    },
  };
  return { backend, lengths, live };
}

const [rows, cols, batch] = [120, 150, 2] as const;

async function watchedStep(policy: WeightPolicy, request = funHash({ values: 200, policy })) {
  const { backend, lengths, live } = watched();
  await useBackend(backend);
  const weight = createWeight(request, { rows, cols });
  const x = wave(batch, cols);
  const made = lengths.length;
  const before = live.elements;
  scope(() => {
    const wrt = [x, ...weight.parameters.map(({ value }) => value)];
    gradientsOf(() => sum(multiply(weight.matmul(x), wave(batch, rows))), wrt);
  });
  return { lengths: lengths.slice(made), peak: live.peak - before, kept: live.elements - before };
}

test('policy tile: forward and backward allocate nothing of the size of V, and leave nothing', async () => {
  const { lengths, peak, kept } = await watchedStep('tile');
  expect(Math.max(...lengths)).toBeLessThanOrEqual(batch * cols);
  expect(peak).toBeLessThan((rows * cols) / 4);
  expect(kept).toBe(0);
});

test('policy step: V is allocated once, dV never', async () => {
  const { lengths, peak, kept } = await watchedStep('step');
  expect(lengths.filter((length) => length >= rows * cols)).toEqual([rows * cols]);
  expect(peak).toBeLessThan(1.25 * rows * cols);
  expect(kept).toBe(rows * cols);
});

test('a contraction needs no V under any policy', async () => {
  for (const policy of ['tile', 'step'] as const) {
    const { lengths } = await watchedStep(policy, lowRank({ rank: 2, policy }));
    expect(Math.max(...lengths)).toBeLessThanOrEqual(batch * cols);
  }
});

test('rows of V by number, with gradients', () => {
  const weight = createWeight(hashedNet({ values: 20 }), { rows: 4, cols: 5 });
  const whole = weight.decode().dataSync();
  const found = weight.rowsAt(tensor(Int32Array.of(2, 0, 2))).dataSync();
  expect([...found]).toEqual([2, 0, 2].flatMap((row) => [...whole.subarray(row * 5, row * 5 + 5)]));
  expect(() => weight.rowsAt(tensor(Int32Array.of(4)))).toThrow('row numbers from 0 to 3');
  expect(() => weight.rowsAt(tensor(Int32Array.of(-1)))).toThrow('row numbers from 0 to 3');
});

test('a weight counts what it stores and what it stands for', () => {
  const weight = createWeight(funHash({ ratio: 1 / 8 }), { rows: 30, cols: 40 });
  expect([weight.storedCount, weight.virtualCount]).toEqual([150, 1200]);
  expect(weight.arrayNames).toEqual(['w', 'g0', 'g1']);
  expect(weight.parameters.map(({ name }) => name)).toEqual(['w', 'g0', 'g1']);
});

test('the spec is plain data that names every option', () => {
  const weight = createWeight(hashedNet({ ratio: 1 / 4, policy: 'step' }), { rows: 4, cols: 10, seed: 3 });
  expect(JSON.parse(JSON.stringify(weight.spec))).toEqual(weight.spec);
  expect(weight.spec).toMatchObject({ kind: 'hashedNet', rows: 4, cols: 10, policy: 'step' });
  expect(weight.spec.options).toMatchObject({ buckets: 10, hash: 'xxHash32' });
  expect(weight.spec).not.toHaveProperty('scale');
});

test('the standard deviation is He’s by default', () => {
  const weight = createWeight(hashedNet({ values: 5000 }), { rows: 200, cols: 50 });
  const entries = [...weight.decode().dataSync()];
  const std = Math.sqrt(entries.reduce((total, x) => total + x * x, 0) / entries.length);
  expect(std).toBeCloseTo(Math.sqrt(2 / 50), 2);
});

test.each([
  [{ rows: -1, cols: 3 }, 'rows: a whole number below 2^32'],
  [{ rows: 3, cols: 2.5 }, 'cols: a whole number'],
  [{ rows: 3, cols: 2 ** 32 }, 'below 2^32'],
  [{ rows: Number.NaN, cols: 3 }, 'NaN'],
])('extents %o are refused', (shape, message) => {
  expect(() => createWeight(hashedNet({ values: 3 }), shape)).toThrow(ArgumentError);
  expect(() => createWeight(hashedNet({ values: 3 }), shape)).toThrow(message);
});

test('an option given as undefined is not given', () => {
  const request = hashedNet({ values: 7, ...({ buckets: undefined } as object) });
  expect(createWeight(request, { rows: 3, cols: 5 }).storedCount).toBe(7);
});

test('a scheme that starts with other values than it stores is refused', () => {
  const scheme = defineScheme({
    kind: 'short',
    source: 'a fault',
    options: { buckets: uniform.count() },
    plan: ({ budget }) => ({ buckets: budget as number }),
    stored: ({ buckets }) => ({ w: [buckets] }),
    initialize: () => ({ w: new Float64Array(1) }),
    entry: (_, { w }) => w.at(0),
  });
  expect(() => createWeight(scheme({ values: 3 }), { rows: 2, cols: 2 })).toThrow('3 start values for w');
});

test('a scheme that reads outside of what it stores says so', () => {
  const scheme = defineScheme({
    kind: 'outside',
    source: 'a fault',
    options: { buckets: uniform.count() },
    plan: ({ budget }) => ({ buckets: budget as number }),
    stored: ({ buckets }) => ({ w: [buckets] }),
    initialize: ({ options }) => ({ w: new Float64Array(options.buckets) }),
    entry: ({ col }, { w }) => w.at(col),
  });
  const weight = createWeight(scheme({ values: 3 }), { rows: 2, cols: 4 });
  expect(() => weight.decode()).toThrow('The scheme reads outside of what it stores.');
});

test('a frozen weight still passes gradients to its input', () => {
  const weight = createWeight(hashedNet({ values: 20, policy: 'frozen' }), { rows: 4, cols: 5 });
  const x = wave(2, 5);
  const [, [dX]] = gradientsOf(() => sum(weight.matmul(x)), [x]);
  expect(dX?.shape).toEqual([2, 5]);
  expect(() => gradientsOf(() => sum(weight.matmul(x)), [weight.parameters[0]?.value ?? x])).toThrow(
    /under policy frozen.*tile or step/,
  );
});
