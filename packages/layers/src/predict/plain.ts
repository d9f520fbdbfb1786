import {
  allocateArray,
  type DeviceBuffer,
  type DType,
  type Kernels,
  type Plan,
  sizeOf,
  type TypedArray,
} from '@funhash/tensor';
import {
  checkViews,
  forwardKernels,
  planWith,
  resolvedCalls,
  type Site,
  sharedLayout,
  viewAt,
} from '@funhash/tensor/plan-parts';
import { type BatchRunner, type PredictedArray, Predictor } from './predictor.ts';
import {
  inputShape,
  type PredictorFile,
  type ReadPredictorOptions,
  readFile,
  refuse,
  valuesOf,
} from './predictor-file.ts';

const kernels: Partial<Kernels> = forwardKernels;

/** Memory of the reference. */
interface HostBuffer extends DeviceBuffer {
  readonly data: TypedArray;
}

/**
 * The predictor in a file, run by plain script: for pages that may not compile WebAssembly, or whose models are so small that
 * every kB of script counts.
 *
 * @throws UnpackError for a damaged file; PlanError for one without a plan, or with one that is wrong
 */
export function readPlainPredictor(
  bytes: Uint8Array | ArrayBuffer,
  options: ReadPredictorOptions = {},
): Predictor {
  return plainPredictor(readFile(bytes, options));
}

/** The predictor in a file that was opened. */
export function plainPredictor(file: PredictorFile): Predictor {
  return new Predictor(runnerOf(planWith(file.head.plan, checkViews), file), file.head.signature);
}

function runnerOf(plan: Plan, file: PredictorFile): BatchRunner {
  if (plan.words > 0 || Object.keys(plan.numbers).length > 0)
    refuse('a plan that is told nothing', 'another');
  const { blocks, places } = sharedLayout(plan);
  const memory = blocks.map(({ dtype, length }) => host(dtype, length));
  const sites = plan.buffers.map(({ kind, name, dtype, length }, number): Site => {
    const place = places.get(number);
    if (place) return { buffer: memory[place.block] as HostBuffer, offset: place.offset };
    const buffer = host(dtype, length);
    if (kind === 'state') buffer.data.set(valuesOf(file, name, { dtype, length }));
    if (kind === 'constant') buffer.data.set(valuesOf(file, `constant.${number}`, { dtype, length }));
    return { buffer, offset: 0 };
  });
  for (const { kernel } of plan.calls) if (!kernels[kernel]) refuse('kernels that predictions use', kernel);
  const { calls } = resolvedCalls(plan, sites);
  const run = (part: number): void => {
    for (const call of calls)
      if (call.part === part) (kernels[call.kernel] as (...args: unknown[]) => void)(...call.args);
  };
  // All parts but the last depend on no input.
  try {
    for (let part = 0; part < plan.parts; part++) run(part);
  } catch (error) {
    // What kernels assume of their arguments is tried out, on inputs of 0.
    refuse('a plan that runs', error);
  }
  const [input, output] = [inputOf(plan, sites, file), outputOf(plan, sites)];
  return { by: 'plan', input, output, run: () => run(plan.parts - 1) };
}

function inputOf(plan: Plan, sites: readonly Site[], { head }: PredictorFile): PredictedArray {
  const inputs = plan.buffers.flatMap(({ kind }, number) => (kind === 'input' ? [number] : []));
  const [number] = inputs;
  if (number === undefined || inputs.length > 1) return refuse('a plan of one input', inputs.length);
  const { data } = (sites[number] as Site).buffer as HostBuffer;
  return { shape: inputShape(head, data.length), data };
}

function outputOf(plan: Plan, sites: readonly Site[]): PredictedArray {
  const [view] = Object.values(plan.outputs);
  if (!view) return refuse('a plan of one output', 'none');
  const { buffer, offset, shape } = viewAt(sites, view);
  return { shape, data: (buffer as HostBuffer).data.subarray(offset, offset + sizeOf(shape)) };
}

const host = (dtype: DType, length: number): HostBuffer => ({
  dtype,
  length,
  data: allocateArray(dtype, length),
});
