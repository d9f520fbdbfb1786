import type { Module } from '@funhash/layers';
import {
  type Backend,
  currentBackend,
  type Kernels,
  MemoryError,
  useBackend,
  type View,
} from '@funhash/tensor';
import { predict } from '@funhash/training';
import { UsageError } from '../errors.ts';
import { loadModel } from './load-model.ts';

/** What a model does with one input. */
export interface ModelCost {
  /** Elements that are computed, and products that are added. */
  readonly work: number;
  /** Elements of the largest tensor on the way. */
  readonly elements: number;
}

/** Beyond these a prediction takes minutes, or gigabytes, for one input: VGG-16 on 224 × 224 takes 1.5e10 and 3.2e6. */
const most: ModelCost = { work: 2 ** 35, elements: 2 ** 26 };

/** Elements of a batch, so that memory stays bounded however large an input becomes on its way. */
const batchElements = 2 ** 27;

/** Products that a kernel adds, where it does more than a step for each element. */
const products: { readonly [K in keyof Kernels]?: (...args: Parameters<Kernels[K]>) => number } = {
  matmul: (a, _, out) => sizeOf(out) * (a.shape.at(-1) as number),
  virtualMatmul: (_, { rows, cols }, out) => sizeOf(out) * cols + rows * cols,
  signMatmul: (_a, _b, depth, out) => sizeOf(out) * Math.ceil(depth / 32),
};

function sizeOf(value: unknown): number {
  const { shape } = (value ?? {}) as Partial<View>;
  return Array.isArray(shape) ? shape.reduce((size: number, extent: number) => size * extent, 1) : 0;
}

/**
 * A backend that computes nothing and counts what would be: a file of 300 bytes can ask for years of work, which only its
 * shapes tell.
 */
function countingBackend(): Backend & ModelCost {
  const cost = { work: 0, elements: 0 };
  const count = (name: keyof Kernels, args: readonly unknown[]): void => {
    const largest = args.flat().reduce((most: number, arg) => Math.max(most, sizeOf(arg)), 0);
    const productsOf = products[name] as ((...args: readonly unknown[]) => number) | undefined;
    cost.work += productsOf?.(...args) ?? largest;
    cost.elements = Math.max(cost.elements, largest);
    requireWithin(cost);
  };
  return {
    name: 'counting',
    get work() {
      return cost.work;
    },
    get elements() {
      return cost.elements;
    },
    kernels: new Proxy(
      {},
      {
        get:
          (_, name) =>
          (...args: unknown[]) =>
            count(name as keyof Kernels, args),
      },
    ),
    allocate: (dtype, length) => ({ dtype, length }),
    free: () => {},
    upload: () => {},
    download: async ({ length }) => {
      requireWithin({ work: length, elements: length });
      return new Float32Array(length);
    },
  };
}

function requireWithin({ work, elements }: ModelCost): void {
  if (work <= most.work && elements <= most.elements) return;
  throw tooMuch(work > most.work ? `one that takes at least ${work}` : `a tensor of ${elements} elements`);
}

function tooMuch(actual: string, options?: ErrorOptions): UsageError {
  const details = {
    operation: 'predict',
    expected: `a model that takes at most ${most.work} multiply-adds and tensors of ${most.elements} elements for an input`,
    actual,
    remedy: 'Run it by predict of @funhash/training if that is meant.',
  };
  return new UsageError(details, options);
}

/**
 * Counts what a model of a file does with one input, without doing it; undefined where only values could tell. The
 * backend in use stays the one in use: one must be chosen, as loading a model does.
 *
 * @throws UsageError where it is more than a command should begin
 */
export async function modelCost(path: string, inputs: number): Promise<ModelCost | undefined> {
  const own = currentBackend();
  const counting = countingBackend();
  try {
    await useBackend(counting);
    const net: Module = await loadModel(path);
    await predict(net, new Float32Array(inputs), { count: 1 });
    return { work: counting.work, elements: counting.elements };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (error instanceof MemoryError) throw tooMuch(error.details.actual, { cause: error });
    // What else is wrong with it, the prediction itself tells.
    return undefined;
  } finally {
    await useBackend(own);
  }
}

/** Inputs of a batch for which there is room. */
export function batchFor(cost: ModelCost | undefined): number {
  return Math.max(1, Math.min(500, Math.floor(batchElements / Math.max(1, cost?.elements ?? 1))));
}
