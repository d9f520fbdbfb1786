import { BackendError, fallbackCounts, setStrict } from '@funhash/tensor';
import { backendLaws } from '@funhash/tensor/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBackend, type GpuBackend } from './backend.ts';
import type { GpuMode, GpuOptions } from './index.ts';
import { testedModes } from './tested-modes.spec-kit.ts';

const mostKernels = 300;

/**
 * Tests the laws whose names fit on a backend, where its mode starts here. Mode headlessgl needs the package gl, built,
 * and an X display: see .ci/run. WebGL2: tools/gpu-contract.spec.ts.
 */
export function testLaws(
  options: GpuOptions & { readonly mode: GpuMode },
  names: RegExp,
  more?: (backend: () => GpuBackend) => void,
): void {
  describe.skipIf(!testedModes.includes(options.mode))(`gpu in mode ${options.mode}`, () => {
    let backend: GpuBackend;
    beforeAll(async () => {
      backend = await createBackend(options);
    });
    afterAll(() => backend.close());

    // A context of headless GL with more than a thousand programs takes seconds for each new one.
    const fresh = async (): Promise<GpuBackend> => {
      if (backend.counters().kernels > mostKernels) {
        await backend.close();
        backend = await createBackend(options);
      }
      return backend;
    };
    const laws = backendLaws(fresh, { floats: ['f32'] });
    const [ofHost, ofDevice] = [true, false].map((host) =>
      laws.filter(({ name }) => names.test(name) && /whole numbers/.test(name) === host),
    );
    for (const law of ofDevice ?? []) test(law.name, law.check);

    test('keeps nothing on the device but tables of sorted entries', () => {
      expect(backend.counters().arrays).toBeLessThanOrEqual(128);
    });

    test('runs in f32 on the device', () => {
      const onHost = /^gpu[.](fill|copy|gather|.*[sS]ign.*)$/;
      const lacks = backend.lacks?.map((kernel) => `gpu.${kernel}`) ?? [];
      const left = Object.keys(fallbackCounts());
      expect(left.filter((name) => !onHost.test(name) && !lacks.includes(name))).toEqual([]);
    });

    for (const law of ofHost ?? []) test(`${law.name}, on the host`, law.check);

    more?.(() => backend);
  });
}

/** Laws of kernels on virtual matrices, which take shaders long to compile; all others. */
export const ofVirtual = /^(virtual|fold)/;
export const ofOthers = /^(?!virtual|fold)/;

/** Tests what a backend does with its device. */
export function testDevice(backend: () => GpuBackend): void {
  const allocated = (values: Float32Array | Float64Array | Int32Array) => {
    const dtype = values instanceof Float32Array ? 'f32' : values instanceof Int32Array ? 'i32' : 'f64';
    const buffer = backend().allocate(dtype, values.length);
    backend().upload(buffer, values);
    return { buffer, dtype, shape: [values.length], strides: [1], offset: 0 } as const;
  };

  test('refuses f64 in strict mode, and reads nothing at once', () => {
    const [x, out] = [allocated(new Float64Array(3)), allocated(new Float64Array(1))];
    setStrict(true);
    try {
      expect(() => backend().kernels.reduce?.('sum', x, out)).toThrow(BackendError);
    } finally {
      setStrict(false);
    }
    expect(backend().host).toBeUndefined();
  });

  test('refuses whole numbers that f32 cannot hold', () => {
    const [x, out] = [allocated(Int32Array.of(1, 2 ** 24 + 1)), allocated(Float32Array.of(0, 0, 0))];
    expect(() => backend().kernels.copy?.(x, { ...out, shape: [2], offset: 1 })).toThrow(BackendError);
  });

  test('refuses more elements than f32 can number', () => {
    const tooMany = backend().allocate('f32', 2 ** 24 + 1);
    const out = allocated(Float32Array.of(0));
    const view = {
      buffer: tooMany,
      dtype: 'f32',
      shape: [tooMany.length],
      strides: [1],
      offset: 0,
    } as const;
    expect(() => backend().kernels.reduce?.('sum', view, out)).toThrow(/smaller batches/);
  });

  test('takes no pass for copies of whole buffers and for values that are one everywhere', () => {
    const x = allocated(new Float32Array(10_000).fill(2));
    const out = allocated(new Float32Array(10_000));
    const sum = allocated(Float32Array.of(0));
    backend().kernels.reduce?.('sum', x, sum);
    const before = backend().counters().passes;
    backend().kernels.copy?.(x, out);
    backend().kernels.fill?.(sum, 3);
    expect(backend().counters().passes).toBe(before);
    // The copy is one: what is written to it afterwards leaves the other as it was.
    backend().kernels.fill?.(out, 5);
    return expect(backend().download(x.buffer)).resolves.toEqual(new Float32Array(10_000).fill(2));
  });
}
