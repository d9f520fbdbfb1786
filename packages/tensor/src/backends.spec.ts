import { tracePointwise } from '@funhash/formula';
import { ArgumentError, checkOptions, option } from '@funhash/hashing';
import { afterEach, expect, expectTypeOf, test, vi } from 'vitest';
import type { Backend } from './backend.ts';
import { currentBackend, useBackend } from './backends.ts';
import { tensor } from './create.ts';
import { runMap } from './dispatch.ts';
import { BackendError } from './errors.ts';
import { matmulCall, virtualMatmulCall } from './products.ts';
import { referenceBackend } from './reference/backend.ts';
import { referenceKernels } from './reference/kernels.ts';
import { fallbackCounts, runCall } from './run-kernel.ts';
import { memory } from './storage.ts';
import { hashed } from './testing/sample-formulas.ts';

vi.mock('@funhash/gpu', () => {
  throw new Error('Cannot find package');
});

afterEach(() => useBackend('reference'));

const add = tracePointwise(2, 0, ([a, b]) => [a!.plus(b!)]);
const bare = (name: string, kernels: Backend['kernels'] = {}): Backend => ({
  ...referenceBackend,
  name,
  kernels,
});

test('useBackend takes names and objects', async () => {
  expect(await useBackend('reference')).toBe(referenceBackend);
  const own = bare('own');
  expect(await useBackend(own)).toBe(own);
  expect(currentBackend()).toBe(own);
  expect(tensor([1]).backend).toBe(own);
});

test('a function that starts a backend is called with its own options, which it checks', async () => {
  const given: object[] = [];
  const create = async (options: { readonly lanes?: number }) => {
    checkOptions('own', { lanes: option.count() }, options);
    given.push(options);
    return { ...bare('made'), lanes: options.lanes };
  };
  const made = await useBackend(create, { lanes: 3, strict: true });
  expectTypeOf(made.lanes).toEqualTypeOf<number | undefined>();
  expect([currentBackend(), given]).toEqual([made, [{ lanes: 3 }]]);

  const before = currentBackend();
  const refused = (options: object) => useBackend(create, options as never);
  await expect(refused({ lane: 1 })).rejects.toThrow('own: unknown option lane; did you mean lanes?');
  await expect(refused({ stric: true })).rejects.toThrow('own: unknown option stric; did you mean strict?');
  await expect(refused({ strict: 1 })).rejects.toThrow(/useBackend: expected strict: true or false, got 1/);
  expect(currentBackend()).toBe(before);
});

test('options of one backend are refused by another, and by a backend that is there', async () => {
  const message = /unknown option threads; it takes (none|strict)/;
  await expect(useBackend('reference', { threads: 2 } as never)).rejects.toThrow(message);
  await expect(useBackend(bare('own'), { threads: 2 } as never)).rejects.toThrow(message);
  await expect(useBackend(bare('own'), { stric: true } as never)).rejects.toThrow(/did you mean strict/);
});

test('an unknown name is refused and changes nothing', async () => {
  for (const name of ['webgpu', 'constructor', '__proto__'])
    await expect(useBackend(name as never)).rejects.toThrow(ArgumentError);
  await expect(useBackend('webgpu' as never)).rejects.toThrow(/reference, wasm, gpu.*got webgpu/);
  expect(currentBackend()).toBe(referenceBackend);
});

test('an absent package says how to install it', async () => {
  await expect(useBackend('gpu')).rejects.toThrow(BackendError);
  await expect(useBackend('gpu')).rejects.toThrow('Install it: npm i @funhash/gpu');
  expect(currentBackend()).toBe(referenceBackend);
});

test('a kernel that is missing runs on the reference and is counted', async () => {
  await useBackend(bare('partial', { fill: referenceKernels.fill }));
  const x = tensor([
    [1, 2],
    [3, 4],
  ]);
  expect(fallbackCounts()).not.toHaveProperty('partial.map');
  const [sum] = runMap('add', add, [x, tensor([10, 20])]);
  expect(sum?.toArray()).toEqual([
    [11, 22],
    [13, 24],
  ]);
  runMap('add', add, [x, x]);
  runCall(matmulCall(x, x, { bias: tensor([1, 1]) }));
  expect(fallbackCounts()).toMatchObject({ 'partial.map': 2, 'partial.matmul': 1 });
  expect(fallbackCounts()).not.toHaveProperty('partial.fill');
});

test('virtual matrices reach the reference through the memory of the backend', async () => {
  const run = (): unknown => {
    const stored = [tensor(Float32Array.from({ length: 29 }, (_, k) => k - 14))];
    const { program, scalars } = hashed;
    const v = { program, scalars, rows: 3, cols: 2, uniforms: [29, 5], stored };
    return runCall(virtualMatmulCall(tensor([[1, 2]]), v, { bias: tensor([1, 2, 3]) })).toArray();
  };
  const expected = run();
  await useBackend(bare('virtual'));
  expect(run()).toEqual(expected);
  expect(fallbackCounts()).toMatchObject({ 'virtual.virtualMatmul': 1 });
});

test('strict mode throws instead, and lasts until the next choice', async () => {
  await useBackend(bare('lacking'), { strict: true });
  const x = tensor([1]);
  expect(() => runMap('add', add, [x, x])).toThrow(
    /map: expected a kernel of backend lacking, got none, in strict mode/,
  );
  expect(fallbackCounts()).not.toHaveProperty('lacking.map');
  await useBackend(bare('lacking'));
  expect(() => runMap('add', add, [x, x])).not.toThrow();
});

test('without host memory there is no fallback', async () => {
  const { host: _, ...remote } = bare('remote');
  await useBackend(remote);
  const x = tensor([1]);
  expect(() => runMap('add', add, [x, x])).toThrow(BackendError);
});

test('operands of two backends are refused by name', async () => {
  await useBackend(bare('one'));
  const here = tensor([1]);
  await useBackend(bare('other'));
  const there = tensor([1]);
  expect(() => runMap('add', add, [here, there])).toThrow(BackendError);
  expect(() => runMap('add', add, [here, there])).toThrow(/add: .*one.* and .*other/);
});

test('tensors of the reference move to the backend of those they meet, all views of them together', async () => {
  const early = tensor([1, 2, 3]);
  const view = early.view([2], [1], 1);
  const before = memory();
  await useBackend(bare('other'));
  const late = tensor([10, 20]);
  expect(runMap('add', add, [view, late])[0]?.toArray()).toEqual([12, 23]);
  expect([early.backend.name, view.backend.name]).toEqual(['other', 'other']);
  expect(early.toArray()).toEqual([1, 2, 3]);
  view.dispose();
  expect(early.toArray()).toEqual([1, 2, 3]);
  early.dispose();
  expect(memory().bytes).toBe(before.bytes - 12 + 8 + 8);
});

test('an offered backend is started by the first tensor after it, unless one was chosen', async () => {
  vi.resetModules();
  const fresh = await import('./index.ts');
  const own = { ...fresh.referenceBackend, name: 'own' };
  const create = vi.fn(() => own);
  const early = fresh.tensor([1]);
  fresh.offerBackend('offered', create);
  fresh.offerBackend('another', () => fresh.referenceBackend);
  expect(create).not.toHaveBeenCalled();
  expect(fresh.tensor([1]).backend).toBe(own);
  expect(fresh.runMap('add', add, [early, fresh.tensor([1])])[0]?.backend).toBe(own);
  expect(create).toHaveBeenCalledOnce();

  vi.resetModules();
  const other = await import('./index.ts');
  await other.useBackend('reference');
  other.offerBackend('other', () => expect.unreachable());
  expect(other.tensor([1]).backend).toBe(other.referenceBackend);
});
