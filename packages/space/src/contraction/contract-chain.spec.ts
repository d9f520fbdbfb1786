import { gradientsOf, multiply, sum } from '@funhash/autodiff';
import { currentBackend, type Tensor, tensor, useBackend } from '@funhash/tensor';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mpo } from '../schemes/mpo.ts';
import { createWeight } from '../weight/create-weight.ts';
import { Weight } from '../weight/weight.ts';
import fixtures from './contract-chain.fixtures.json' with { type: 'json' };
import { contractChain } from './contract-chain.ts';
import { planContraction } from './contraction-plan.ts';
import { productOf } from './modes.ts';
import { coreName, coreShapes, type TensorChain } from './tensor-chain.ts';

function requireClose(found: Tensor, expected: readonly number[], tolerance: number): void {
  const values = [...found.dataSync()];
  expect(values).toHaveLength(expected.length);
  const size = Math.sqrt(expected.reduce((all, x) => all + x * x, 0) / expected.length);
  values.forEach((value, k) => {
    expect(Math.abs(value - (expected[k] as number)), `value ${k}`).toBeLessThan(tolerance * size);
  });
}

describe.each(['reference', 'wasm'] as const)('against PyTorch on %s', (backend) => {
  const before = currentBackend();
  beforeAll(async () => void (await useBackend(backend)));
  afterAll(async () => void (await useBackend(before)));
  const dtype = backend === 'wasm' ? 'f32' : 'f64';
  const tolerance = backend === 'wasm' ? 1e-5 : 1e-10;

  test.each(fixtures.cases.map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
    const { inModes, outModes, bonds, cores } = golden;
    const [rows, cols] = [productOf(outModes), productOf(inModes)];
    const chain: TensorChain = { inModes, outModes, bonds };
    const make = (values: readonly number[], shape: readonly number[]): Tensor =>
      tensor(Float64Array.from(values), shape, { dtype });
    const stored = coreShapes(chain).map((shape, k) => make(cores[k] as number[], shape));
    const named = Object.fromEntries(stored.map((core, k) => [coreName(k), core]));
    const x = make(golden.x, [fixtures.batch, cols]);
    const g = make(golden.dY, [fixtures.batch, rows]);
    const [, gradients] = gradientsOf(() => {
      const y = contractChain(x, named, chain, { rows, bias: undefined });
      requireClose(y, golden.y, tolerance);
      return sum(multiply(y, g));
    }, [x, ...stored]);
    [golden.dX, ...golden.dCores].forEach((expected, k) => {
      requireClose(gradients[k] as Tensor, expected, tolerance);
    });

    const request = mpo({ inModes, outModes, bonds: bonds.slice(1, -1), boundary: bonds[0] as number });
    const weight = createWeight(request, { rows, cols });
    weight.parameters.forEach((parameter, k) => {
      parameter.assign(tensor(Float32Array.from(cores[k] as number[]), parameter.value.shape));
    });
    requireClose(weight.decode(), golden.matrix, 1e-5);
    const last = tensor(Int32Array.of(rows - 1, 0));
    requireClose(
      weight.rowsAt(last),
      [...golden.matrix.slice((rows - 1) * cols), ...golden.matrix.slice(0, cols)],
      1e-5,
    );
  });
});

const square = (modes: readonly number[], bond: number, open = 1): TensorChain => ({
  inModes: modes,
  outModes: modes,
  bonds: modes.map((_, k) => (k === 0 ? open : bond)).concat(open),
});

describe('the order of contraction', () => {
  const segmentsOf = (chain: TensorChain, rows: number): number =>
    planContraction(chain, rows).segments.length;

  test('many rows are worth merging cores for; V is built where bonds are large, and never a huge one', () => {
    expect(segmentsOf(square([4, 4, 4, 4, 4], 8), 128)).toBe(2);
    expect(segmentsOf(square([32, 32], 1000), 128)).toBe(1);
    expect(segmentsOf(square([128, 128], 16_384), 128)).toBe(2);
    expect(segmentsOf(square([8, 8, 8, 8, 8, 8], 2), 1)).toBeGreaterThan(2);
  });

  test('segments follow each other and cover all cores', () => {
    for (const rows of [1, 10, 1000])
      for (const open of [1, 3]) {
        const { segments } = planContraction(square([2, 3, 4, 3, 2], 5, open), rows);
        expect(segments[0]?.first).toBe(0);
        expect(segments.at(-1)?.end).toBe(5);
        segments.slice(1).forEach(({ first }, k) => {
          expect(first).toBe(segments[k]?.end);
        });
      }
  });

  // Each order is taken somewhere: the product does not depend on it.
  test.each([1, 2, 3, 500])('%i rows', (rows) => {
    const request = mpo({ inModes: [4, 3, 2, 3], outModes: [3, 2, 4, 2], bonds: 5, boundary: 2 });
    const weight = createWeight(request, { rows: 48, cols: 72, seed: 3 });
    const values = Float32Array.from({ length: rows * 72 }, (_, k) => Math.sin(k));
    const v = weight.decode().dataSync();
    const x = tensor(values, [rows, 72]);
    const expected = Array.from({ length: rows * 48 }, (_, at) => {
      const [b, i] = [Math.floor(at / 48), at % 48];
      let all = 0;
      for (let j = 0; j < 72; j++) all += (values[b * 72 + j] as number) * (v[i * 72 + j] as number);
      return all;
    });
    expect(weight).toBeInstanceOf(Weight);
    requireClose(weight.matmul(x), expected, 1e-4);
  });
});

test('weights say how they are contracted', () => {
  const options = { inModes: [4, 4, 4, 4, 4], outModes: [4, 4, 4, 4, 4], bonds: 8 };
  const { notes } = createWeight(mpo(options), { rows: 1024, cols: 1024 });
  expect(notes).toEqual([
    '4×4×4×4×4 → 4×4×4×4×4, bonds 8, 8, 8, 8; contracted through cores 1–2, 3, 4–5 for 1 row, through cores 1–3, 4–5 for 100 rows',
  ]);
  const dense = createWeight(mpo({ inModes: [8, 8], outModes: [8, 8], bonds: 64 }), { rows: 64, cols: 64 });
  expect(dense.notes.join()).toMatch(/dense reconstruction for 100 rows/);
});

test('no rows give no rows, and rows that V has not are refused, those of its padding too', () => {
  const options = { inModes: [4, 8], outModes: [2, 7], bonds: [3], padding: true };
  const weight = createWeight(mpo(options), { rows: 12, cols: 30 });
  expect(weight.matmul(tensor(new Float32Array(0), [0, 30])).shape).toEqual([0, 12]);
  expect(weight.rowsAt(tensor(new Int32Array(0))).shape).toEqual([0, 30]);
  expect(weight.rowsAt(tensor(Int32Array.of(11))).shape).toEqual([1, 30]);
  for (const id of [-1, 12, 13, 1000])
    expect(() => weight.rowsAt(tensor(Int32Array.of(id)))).toThrow(`from 0 to 11, got ${id}`);
});
