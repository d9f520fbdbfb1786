import { setTimeout as sleep } from 'node:timers/promises';
import { adjoint } from '@funhash/formula';
import { ArgumentError } from '@funhash/hashing';
import type { View } from '@funhash/tensor';
import { backendLaws } from '@funhash/tensor/testing';
import { afterAll, describe, expect, test } from 'vitest';
import { backendOn, type WasmBackend } from '../backend.ts';
import { createBackend } from '../create-backend.ts';
import { LinearMemory } from '../memory/linear-memory.ts';
import { entryProgram, scalars, storedLengths, uniforms } from '../random-programs.spec-kit.ts';
import { enableRelaxedSimd } from '../relaxed-simd.ts';
import { contiguous, ownOnReference, someValues } from '../twins.spec-kit.ts';
import { Threads } from './threads.ts';
import { workers } from './workers.ts';

const instructions = { madd: enableRelaxedSimd() };

/** Splits everything that can be split, however small. */
function eager(count: number): WasmBackend {
  const backend = backendOn(new Threads(new LinearMemory(true), workers(count - 1), 1e-3), instructions);
  afterAll(() => backend.close());
  return backend;
}

async function untilStarted(backend: WasmBackend): Promise<WasmBackend> {
  while (backend.workerUsage().started < backend.threads - 1) await sleep(2);
  return backend;
}

describe('the contract of a backend, with two threads', () => {
  const backend = untilStarted(eager(2));
  for (const law of backendLaws(() => backend, { floats: ['f32'] }))
    if (!/whole numbers/.test(law.name)) test(law.name, law.check);

  test('nothing in f32 ran on the reference, and not all on the calling thread', async () => {
    expect(ownOnReference(await backend)).toEqual([]);
    expect((await backend).workerUsage().shares).toBeGreaterThan(0);
  });
});

const formula = entryProgram(
  [{ op: 1, a: 0, b: 1, c: 0, n: 3 }],
  [{ op: 0, a: 5, b: 0, c: 1, n: 0 }],
  [{ op: 18, a: 0, b: 0, c: 0, n: 1 }],
);

/** Products, gradients and rows of sizes at which shares have edges of all kinds. */
function results(backend: WasmBackend): Record<string, number[]> {
  const view = (shape: readonly number[], seed: number): View => {
    const buffer = backend.allocate(
      'f32',
      shape.reduce((a, b) => a * b, 1),
    );
    backend.upload(buffer, seed === 0 ? new Float32Array(buffer.length) : someValues(buffer.length, seed));
    return { buffer, dtype: 'f32', ...contiguous(shape) };
  };
  const numbers = ({ buffer }: View): number[] => Array.from(backend.host?.(buffer) ?? []);
  const { matmul, virtualMatmul, virtualFold, virtualRows, foldRows } = backend.kernels;
  const found: Record<string, number[]> = {};
  for (const [m, n, k] of [
    [70, 90, 300],
    [90, 20, 40],
    [1, 333, 100],
  ] as const) {
    const out = view([m, n], 0);
    matmul?.(view([m, k], 1), view([k, n], 2), out);
    found[`matmul ${m}×${n}`] = numbers(out);
    const across: View = { ...view([n, k], 3), shape: [k, n], strides: [1, k] };
    matmul?.(view([m, k], 1), across, out);
    found[`matmul ${m}×${n} of a transpose`] = numbers(out);
  }
  const [rows, cols] = [250, 171];
  const stored = storedLengths.map((length, slot) => view([length], slot + 5));
  const v = { program: formula, rows, cols, uniforms, scalars, stored };
  for (const batch of [1, 9]) {
    const [x, y] = [view([batch, cols], 8), view([batch, rows], 0)];
    virtualMatmul?.(x, v, y);
    found[`virtualMatmul ${batch}`] = numbers(y);
    const outs = storedLengths.map((length) => view([length], 9));
    virtualFold?.(y, x, v, adjoint(formula), outs);
    found[`virtualFold ${batch}`] = outs.flatMap(numbers);
  }
  const out = view([rows, cols], 0);
  virtualRows?.(v, null, out);
  found.virtualRows = numbers(out);
  const outs = storedLengths.map((length) => view([length], 9));
  foldRows?.(out, null, v, adjoint(formula), outs);
  found.foldRows = outs.flatMap(numbers);
  return found;
}

describe('results', () => {
  const ofThree = results(eager(3));

  test('are the same bit for bit whichever thread does a share', async () => {
    const backend = await untilStarted(eager(3));
    for (let round = 0; round < 5; round++) expect(results(backend)).toEqual(ofThree);
    expect(backend.workerUsage().shares).toBeGreaterThan(0);
    const { usedBytes } = backend.memoryUsage();
    backend.close();
    expect(results(backend)).toEqual(ofThree);
    expect(usedBytes).toBeGreaterThan(0);
  });

  test('of products are those of one thread, bit for bit; of gradients nearly', () => {
    const ofOne = results(createBackend());
    for (const [name, values] of Object.entries(ofOne)) {
      if (!/fold/i.test(name)) expect(ofThree[name], name).toEqual(values);
      const scale = Math.max(...values.map(Math.abs));
      values.forEach((value, k) => {
        expect(Math.abs((ofThree[name]?.[k] as number) - value), name).toBeLessThan(1e-3 * scale);
      });
    }
  });
});

describe('the option', () => {
  test('says how many threads run', () => {
    expect(createBackend().threads).toBe(1);
    const backend = createBackend({ threads: 3 });
    expect(backend.threads).toBe(3);
    backend.close();
  });

  test('is one where memory cannot be shared', () => {
    const known = globalThis.SharedArrayBuffer;
    Reflect.deleteProperty(globalThis, 'SharedArrayBuffer');
    try {
      expect(createBackend({ threads: 2 }).threads).toBe(1);
    } finally {
      globalThis.SharedArrayBuffer = known;
    }
  });

  test('is refused where it is no number of threads', () => {
    for (const threads of [0, -1, 1.5, Number.NaN, 65, '2' as never])
      expect(() => createBackend({ threads })).toThrow(ArgumentError);
  });
});
