import { afterEach, expect, test } from 'vitest';
import type { View } from './backend.ts';
import { BackendError } from './errors.ts';
import { withFallback } from './fallback.ts';
import { referenceBackend } from './reference/backend.ts';
import { fallbackCounts, setStrict } from './run-kernel.ts';

afterEach(() => setStrict(false));

const view = (dtype: 'f32' | 'f64', values: readonly number[]): View => {
  const buffer = referenceBackend.allocate(dtype, values.length);
  referenceBackend.upload(buffer, (dtype === 'f32' ? Float32Array : Float64Array).from(values));
  return { buffer, dtype, shape: [values.length], strides: [1], offset: 0 };
};
const valuesOf = ({ buffer }: View): number[] => Array.from(referenceBackend.host?.(buffer) ?? []);
const countOf = (name: string): number => fallbackCounts()[name] ?? 0;

test('absent kernels, other dtypes and calls handed over run on the reference, counted', () => {
  const calls: string[] = [];
  const { kernels, lacks } = withFallback(
    { ...referenceBackend, name: 'part' },
    (onReference) => ({
      reduce: (op) => void calls.push(op),
      fill: (out, value) => (value === 0 ? void calls.push('fill') : onReference('fill', [out, value])),
    }),
    { dtypes: ['f32'] },
  );
  expect(lacks).toHaveLength(Object.keys(referenceBackend.kernels).length - 2);
  expect(lacks).not.toContain('fill');
  const [x, doubles] = [view('f32', [1, 2]), view('f64', [1, 2])];
  kernels.reduce('sum', x, view('f32', [0]));
  kernels.fill(x, 0);
  expect(calls).toEqual(['sum', 'fill']);

  const sum = view('f64', [0]);
  kernels.reduce('sum', doubles, sum);
  kernels.fill(x, 7);
  const copied = view('f32', [0, 0]);
  kernels.copy(x, copied);
  expect([valuesOf(sum), valuesOf(copied), calls.length]).toEqual([[3], [7, 7], 2]);
  expect(['reduce', 'fill', 'copy'].map((name) => countOf(`part.${name}`))).toEqual([1, 1, 1]);

  setStrict(true);
  expect(() => kernels.reduce('sum', doubles, sum)).toThrow(BackendError);
});

test('operands in lists and stored values of virtual matrices count as operands', () => {
  let ran = 0;
  const count = () => void ran++;
  const memory = { ...referenceBackend, name: 'deep' };
  const { kernels } = withFallback(memory, () => ({ map: count, virtualRows: count }), { dtypes: ['f32'] });
  const doubles = view('f64', [1]);
  setStrict(true);
  expect(() => kernels.map({} as never, [doubles], [], [])).toThrow(BackendError);
  expect(() => kernels.map({} as never, [], [], [view('f32', [1]), doubles])).toThrow(BackendError);
  const v = { program: {} as never, rows: 1, cols: 1, uniforms: [], scalars: [], stored: [doubles] };
  expect(() => kernels.virtualRows(v, null, view('f32', [1]))).toThrow(BackendError);
  expect(ran).toBe(0);
});
