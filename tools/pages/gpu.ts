// The GPU backend in WebGL2: what the spec beside calls, once it is there.
import { createBackend } from '@funhash/gpu';
import type { HashFamily } from '@funhash/hashing';
import { useBackend } from '@funhash/tensor';
import { backendLaws } from '@funhash/tensor/testing';
import { comparedMaps, refusals } from '../gpu-maps.ts';
import { schemeReports } from '../gpu-schemes.ts';
import { lossesOf, worstDifference } from '../gpu-training.ts';

const contexts: WebGL2RenderingContext[] = [];

for (const { prototype } of [HTMLCanvasElement, OffscreenCanvas]) {
  const make = prototype.getContext as (...args: unknown[]) => unknown;
  prototype.getContext = function (this: unknown, ...args: unknown[]) {
    const context = make.apply(this, args);
    if (context instanceof WebGL2RenderingContext && !contexts.includes(context)) contexts.push(context);
    return context as never;
  } as never;
}

const page = {
  /** What each law says that does not hold, by its name. */
  async failedLaws(): Promise<Record<string, string>> {
    const backend = await createBackend({ mode: 'webgl2' });
    const failures: Record<string, string> = {};
    for (const { name, check } of backendLaws(async () => backend, { floats: ['f32'] }))
      try {
        await check();
      } catch (error) {
        failures[name] = String(error);
      }
    await backend.close();
    return failures;
  },

  comparedMaps: (family: HashFamily) => comparedMaps('webgl2', family),

  refusals: () => refusals('webgl2'),

  schemeReports: (names: readonly string[]) => schemeReports('webgl2', names),

  async difference(net: string): Promise<number> {
    return worstDifference(net, await digits(), 'webgl2');
  },

  /** What a lost context makes of a step, and whether training goes on after it on a new backend. */
  async lostContext(): Promise<{ before: number; error: string; after: number }> {
    const backend = await createBackend({ mode: 'webgl2' });
    await useBackend(backend, { strict: true });
    const before = (await lossesOf('xor', await digits())).length;
    for (const context of contexts) context.getExtension('WEBGL_lose_context')?.loseContext();
    const error = await lossesOf('xor', await digits()).then(() => 'none', String);
    await useBackend('gpu', { mode: 'webgl2', strict: true });
    const after = (await lossesOf('xor', await digits())).length;
    return { before, error, after };
  },
};

async function digits() {
  const [images, labels] = await Promise.all(['images', 'labels'].map((name) => fetch(`/digits/${name}`)));
  return {
    images: new Uint8Array(await (images as Response).arrayBuffer()),
    labels: new Uint8Array(await (labels as Response).arrayBuffer()),
  };
}

Object.assign(globalThis, { page });
export type GpuPage = typeof page;
