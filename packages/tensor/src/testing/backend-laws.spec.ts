import { ArgumentError } from '@funhash/hashing';
import { describe, expect, test } from 'vitest';
import type { Backend, Kernels, View, VirtualView } from '../backend.ts';
import { referenceBackend } from '../reference/backend.ts';
import { referenceKernels } from '../reference/kernels.ts';
import type { HostBuffer } from '../reference/views.ts';
import type { KernelName } from '../run-kernel.ts';
import { contiguousStrides } from '../shape.ts';
import { backendLaws } from './backend-laws.ts';
import { families } from './families.ts';
import { freshOut, onHost, operand } from './operand.ts';

/** The reference with some kernels, or some of its memory functions, replaced. */
const broken = (kernels: Partial<Kernels>, memory: Partial<Backend> = {}): Backend => ({
  ...referenceBackend,
  ...memory,
  name: 'broken',
  kernels: { ...referenceKernels, ...kernels },
});

/** The laws that the backend fails, of those whose names begin so. */
async function failuresOf(backend: Backend, beginning: string): Promise<string[]> {
  const failures: string[] = [];
  for (const law of backendLaws(async () => backend).filter(({ name }) => name.startsWith(beginning)))
    try {
      await law.check();
    } catch {
      failures.push(law.name);
    }
  return failures;
}

const compact = (view: View): View => ({ ...view, strides: contiguousStrides(view.shape) });
/** Matrices are left as they are: only laws of several axes can tell. */
const compactAxes = (view: View, rank: number): View => (view.shape.length === rank ? view : compact(view));
const untransposed = (view: View): View => {
  const [rows, cols] = view.strides.slice(-2) as [number, number];
  return { ...view, strides: [...view.strides.slice(0, -2), Math.max(rows, cols), Math.min(rows, cols)] };
};
const dataOf = (view: View) => (view.buffer as HostBuffer).data;

/** All of V, with the row numbers that a tile of 16 rows would count. */
function tileLocal(v: VirtualView, dtype: 'f32' | 'f64'): View {
  const ids = Array.from({ length: v.rows }, (_, row) => row % 16);
  const out = onHost(freshOut(dtype, [v.rows, v.cols]));
  referenceKernels.virtualRows(v, onHost(operand('i32', [v.rows], 1, { values: ids })), out);
  return out;
}

/** A kernel and how it is broken. */
const plants: Record<string, Partial<Kernels>> = {
  'matmul: transposed operands taken as they lie': {
    matmul: (a, b, out, epilogue) => referenceKernels.matmul(untransposed(a), untransposed(b), out, epilogue),
  },
  'matmul: epilogue dropped': { matmul: (a, b, out) => referenceKernels.matmul(a, b, out) },
  'matmul: bias added after the activation': {
    matmul: (a, b, out, { bias, activation } = {}) => {
      referenceKernels.matmul(a, b, out, activation && { activation });
      if (bias) referenceKernels.matmul(a, b, out, { bias });
    },
  },
  'matmul: last columns beyond a multiple of 4 dropped': {
    matmul: (a, b, out, epilogue) => {
      const cols = out.shape.at(-1) as number;
      referenceKernels.matmul(a, b, out, epilogue);
      const data = dataOf(out);
      for (let k = 0; k < data.length; k++) if (k % cols >= (cols & ~3)) data[k] = 0;
    },
  },
  'matmul: adds to what is in out': {
    matmul: (a, b, out, epilogue) => {
      const before = dataOf(out).slice();
      referenceKernels.matmul(a, b, out, epilogue);
      dataOf(out).forEach((value, k) => {
        dataOf(out)[k] = value + (before[k] as number);
      });
    },
  },
  'matmul: several axes taken as if contiguous': {
    matmul: (a, b, out, epilogue) =>
      referenceKernels.matmul(compactAxes(a, b.shape.length), b, out, epilogue),
  },
  'virtualMatmul: several axes taken as if contiguous': {
    virtualMatmul: (x, v, out, epilogue) =>
      referenceKernels.virtualMatmul(compactAxes(x, 2), v, out, epilogue),
  },
  'virtualFold: several axes taken as if contiguous': {
    virtualFold: (dY, x, v, adjoint, outs) =>
      referenceKernels.virtualFold(dY, compactAxes(x, 2), v, adjoint, outs),
  },
  'map: strides ignored': {
    map: (program, inputs, scalars, outs) =>
      referenceKernels.map(program, inputs.map(compact), scalars, outs),
  },
  'map: one output at a time, so that outs written in place are read again': {
    map: (program, inputs, scalars, outs) => {
      outs.forEach((out, k) => {
        referenceKernels.map(program.only([program.outputs[k] as number]), inputs, scalars, [out]);
      });
    },
  },
  'map: scalars ignored': {
    map: (program, inputs, scalars, outs) =>
      referenceKernels.map(
        program,
        inputs,
        scalars.map(() => 1),
        outs,
      ),
  },
  'reduce: NaN skipped by max': {
    reduce: (op, x, out) => {
      if (op === 'max')
        dataOf(x).forEach((value, k, data) => {
          if (Number.isNaN(value)) data[k] = Number.NEGATIVE_INFINITY;
        });
      referenceKernels.reduce(op, x, out);
    },
  },
  'argMax: the last of equal maxima': {
    argMax: (x, out) => {
      const reversed = x.strides.map((stride, axis) => (axis === x.strides.length - 1 ? -stride : stride));
      const width = x.shape.at(-1) as number;
      const offset = x.offset + (width - 1) * (x.strides.at(-1) as number);
      const { buffer, dtype, shape } = x;
      referenceKernels.argMax({ buffer, dtype, shape, strides: reversed, offset }, out);
      dataOf(out).forEach((at, k) => {
        dataOf(out)[k] = width - 1 - at;
      });
    },
  },
  'logSumExp: overflows': {
    logSumExp: (x, out) => {
      const plain = dataOf(x).slice();
      referenceKernels.logSumExp(x, out);
      if (plain.some((value) => value > 100)) dataOf(out).fill(Number.POSITIVE_INFINITY);
    },
  },
  'copy: offset of out ignored': { copy: (x, out) => referenceKernels.copy(x, { ...out, offset: 0 }) },
  'fill: writes one element too many': {
    fill: (out, value) => {
      referenceKernels.fill(out, value);
      dataOf(out)[out.offset + out.shape.reduce((size, extent) => size * extent, 1)] = value;
    },
  },
  'virtualMatmul: epilogue dropped': {
    virtualMatmul: (x, v, out) => referenceKernels.virtualMatmul(x, v, out),
  },
  'virtualMatmul: row numbers within a tile': {
    virtualMatmul: (x, v, out, epilogue) => {
      const matrix = tileLocal(v, x.dtype as 'f32');
      const [rows, cols] = matrix.shape as [number, number];
      const transposed = { ...matrix, shape: [cols, rows], strides: [1, cols] };
      referenceKernels.matmul(x, transposed, out, epilogue);
    },
  },
  'virtualRows: row numbers within a tile': {
    virtualRows: (v, ids, out) => {
      if (ids) referenceKernels.virtualRows(v, ids, out);
      else dataOf(out).set(dataOf(tileLocal(v, out.dtype as 'f32')));
    },
  },
  'virtualFold: overwrites the outs': {
    virtualFold: (dY, x, v, adjoint, outs) => {
      for (const out of outs) dataOf(out).fill(0);
      referenceKernels.virtualFold(dY, x, v, adjoint, outs);
    },
  },
  'virtualFold: last column dropped': {
    virtualFold: (dY, x, v, adjoint, outs) => {
      const cols = v.cols & ~1;
      const { buffer, dtype, strides, offset } = x;
      const narrow = { buffer, dtype, strides, offset, shape: [x.shape[0] as number, cols] };
      referenceKernels.virtualFold(dY, narrow, { ...v, cols }, adjoint, outs);
    },
  },
  'packSigns: −0 is negative': {
    packSigns: (x, out, bounds) => {
      dataOf(x).forEach((value, k, data) => {
        if (Object.is(value, -0)) data[k] = -1;
      });
      referenceKernels.packSigns(x, out, bounds);
    },
  },
  'packSigns: bits behind the last are set': {
    packSigns: (x, out, bounds) => {
      referenceKernels.packSigns(x, out, bounds);
      const words = out.shape.at(-1) as number;
      const used = (x.shape.at(-1) as number) % 32;
      dataOf(out).forEach((word, k, data) => {
        if (used > 0 && k % words === words - 1) data[k] = word | (-1 << used);
      });
    },
  },
  'packSigns: direction of bounds ignored': {
    packSigns: (x, out, bounds) => {
      if (bounds) dataOf(bounds.below).fill(0);
      referenceKernels.packSigns(x, out, bounds);
    },
  },
  'signMatmul: planes of equal weight': {
    signMatmul: (a, b, depth, out, bounds) => {
      const words = b.shape[1] as number;
      const axes = out.shape.length - 1;
      const planes = a.shape.slice(axes).reduce((size, extent) => size * extent, 1) / words;
      referenceKernels.signMatmul(a, b, depth, out, bounds);
      if (planes > 1 && !bounds)
        dataOf(out).forEach((value, k, data) => {
          data[k] = value / planes;
        });
    },
  },
  'signMatmul: several axes taken as if contiguous': {
    signMatmul: (a, b, depth, out, bounds) =>
      referenceKernels.signMatmul(compactAxes(a, 2), b, depth, out, bounds),
  },
  'foldRows: row numbers ignored': {
    foldRows: (dOut, _, v, adjoint, outs) => referenceKernels.foldRows(dOut, null, v, adjoint, outs),
  },
  'virtualMatmul: hash of another seed': {
    virtualMatmul: (x, v, out, epilogue) =>
      referenceKernels.virtualMatmul(
        x,
        { ...v, uniforms: v.uniforms.map((word) => word | 1) },
        out,
        epilogue,
      ),
  },
};

const familyPlants = Object.entries(families).flatMap(([kernel, { plants }]) =>
  Object.entries(plants).map(([fault, plant]) => [`${kernel}: ${fault}`, { [kernel]: plant }] as const),
);

describe('a broken backend fails', () => {
  test.each([...Object.entries(plants), ...familyPlants])('%s', async (name, kernels) => {
    expect(await failuresOf(broken(kernels), `${name.split(':')[0]}:`)).not.toEqual([]);
  });

  test('memory: a download that is not a copy', async () => {
    const download = async (buffer: unknown) => (buffer as HostBuffer).data;
    expect(await failuresOf(broken({}, { download }), 'download:')).toContain(
      'download: what was uploaded, bit for bit, as a copy',
    );
  });

  test('memory: buffers that overlap', async () => {
    const arena = new Map<string, HostBuffer['data']>();
    const allocate: Backend['allocate'] = (dtype, length) => {
      const buffer = referenceBackend.allocate(dtype, length) as HostBuffer;
      const shared = arena.get(dtype);
      if (shared && shared.length >= length)
        return { dtype, length, data: shared.subarray(0, length) } as HostBuffer;
      arena.set(dtype, buffer.data);
      return buffer;
    };
    expect(await failuresOf(broken({}, { allocate }), 'free:')).toContain(
      'free: buffers never overlap, whatever the order of freeing',
    );
  });
});

describe('backendLaws', () => {
  test('leaves out the kernels that `except` names, and refuses other names', () => {
    const all = backendLaws(async () => referenceBackend);
    const some = backendLaws(async () => referenceBackend, { except: ['virtualFold'] });
    expect(all.map(({ name }) => name)).toEqual([...new Set(all.map(({ name }) => name))]);
    expect(some.length).toBeLessThan(all.length);
    expect(some.some(({ name }) => name.startsWith('virtualFold'))).toBe(false);
    expect(() => backendLaws(async () => referenceBackend, { except: ['gemm' as never] })).toThrow(
      ArgumentError,
    );
  });

  test('has laws for every kernel, and a kernel that is missing fails them', async () => {
    const laws = backendLaws(async () => ({ ...referenceBackend, name: 'bare', kernels: {} }));
    const ofKernels = laws.filter(({ name }) =>
      Object.hasOwn(referenceKernels, name.split(':')[0] as string),
    );
    expect(new Set(ofKernels.map(({ name }) => name.split(':')[0]))).toEqual(
      new Set(Object.keys(referenceKernels)),
    );
    for (const { check } of ofKernels) await expect(check()).rejects.toThrow(/a kernel of backend bare/);
  });

  test('calls kernels as methods of their table', async () => {
    const kernels = {
      ...referenceKernels,
      scale: 1,
      fill(this: { scale: number }, out: View, value: number) {
        referenceKernels.fill(out, value * this.scale);
      },
    };
    const except = (Object.keys(referenceKernels) as KernelName[]).filter((name) => name !== 'fill');
    const backend = { ...referenceBackend, kernels: kernels as Partial<Kernels> };
    for (const { check } of backendLaws(async () => backend, { except })) await check();
  });

  test('every law holds for the reference compared with itself, in f32 alone', async () => {
    for (const { check } of backendLaws(async () => referenceBackend, { floats: ['f32'] })) await check();
  });
});
