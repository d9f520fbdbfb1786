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
  /** What each law says that does not hold, by its name; of those whose names begin so. */
  async failedLaws(names: string): Promise<Record<string, string>> {
    const backend = await createBackend({ mode: 'webgl2' });
    const failures: Record<string, string> = {};
    const laws = backendLaws(async () => backend, { floats: ['f32'] });
    for (const { name, check } of laws.filter((law) => new RegExp(`^${names}`).test(law.name)))
      try {
        await check();
      } catch (error) {
        failures[name] = String(error);
      }
    await backend.close();
    return failures;
  },

  /** What a device without floating-point render targets is told. */
  async withoutFloatTargets(): Promise<string> {
    const { prototype } = WebGL2RenderingContext;
    const { getExtension } = prototype;
    prototype.getExtension = function (this: WebGL2RenderingContext, name: string) {
      return name === 'EXT_color_buffer_float' ? null : getExtension.call(this, name as never);
    } as never;
    try {
      return await createBackend({ mode: 'webgl2' }).then(() => 'started', String);
    } finally {
      prototype.getExtension = getExtension;
    }
  },

  comparedMaps: (family: HashFamily) => comparedMaps('webgl2', family),

  refusals: () => refusals('webgl2'),

  schemeReports: (names: readonly string[]) => schemeReports('webgl2', names),

  async difference(net: string): Promise<number> {
    return worstDifference(net, await digits(), 'webgl2');
  },

  /**
   * A training run whose context is lost after 45 steps: what that step says, and the losses from the last checkpoint on
   * a new backend; those of a run without such a loss beside them.
   */
  async lostContext(): Promise<{ error: string; resumed: readonly number[]; whole: readonly number[] }> {
    const data = await digits();
    const start = async (): Promise<void> => {
      await useBackend(await createBackend({ mode: 'webgl2' }), { strict: true });
    };
    await start();
    const whole = await lossesOf('xor', data);
    let steps = 0;
    let last: Uint8Array | undefined;
    const error = await lossesOf('xor', data, {
      note: (_, checkpoint) => {
        last = checkpoint;
        if (++steps === 45)
          for (const context of contexts) context.getExtension('WEBGL_lose_context')?.loseContext();
      },
    }).then(() => 'none', String);
    await start();
    const resumed = await lossesOf('xor', data, last ? { resume: last } : {});
    return { error, resumed, whole };
  },
};

async function digits() {
  const [inputs, labels] = await Promise.all(['inputs', 'labels'].map((name) => fetch(`/digits/${name}`)));
  return {
    inputs: new Uint8Array(await (inputs as Response).arrayBuffer()),
    labels: new Uint8Array(await (labels as Response).arrayBuffer()),
  };
}

Object.assign(globalThis, { page });
export type GpuPage = typeof page;
