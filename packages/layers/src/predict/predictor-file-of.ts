import { encodeFloat16 } from '@funhash/codec';
import { pack } from '@funhash/codec/pack';
import type { StoredTensor } from '@funhash/codec/read';
import { ArgumentError, checkOptions, joinArrays, type OptionsOf, option } from '@funhash/hashing';
import { decodedByPlan, worthDecoding } from '@funhash/space';
import {
  type DType,
  planOf,
  planToJson,
  type RecordedPlan,
  scope,
  type Tensor,
  type TypedArray,
  withConstantsFirst,
  withoutCopies,
  withoutDeadCalls,
  zeros,
} from '@funhash/tensor';
import { compilePlan } from '@funhash/wasm/compile';
import { savedValues } from '../model-file/model-bytes.ts';
import { type Module, requireModule } from '../module.ts';
import { headName, headVersion } from './predictor-file.ts';

const rules = {
  /** Shape of a batch of inputs, the number of examples first: `[1, 784]`. */
  input: option.required(option.list(option.count(), { least: 1, most: 16 })),
  /** Type of the inputs. Default f32; i32 for numbers of rows of a table, such as words. */
  dtype: option.oneOf(['f32', 'i32']),
  /**
   * How stored values are written: `f32` exactly (default), `f16`, or `coded`, quantised and entropy-coded as in packs.
   */
  storeAs: option.oneOf(['f32', 'f16', 'coded']),
  /** Signal to noise of coded tensors in decibels. Default 30: about 5 bits a value. */
  quality: option.real({ least: 1, most: 100 }),
  /** What runs it: `plan` by plain script, `code` as WebAssembly, or both (default). */
  by: option.oneOf(['plan', 'code', 'both']),
  /** Bytes that decoded weights may take; those beyond are decoded at every run. Default 2^26 (64 MiB). */
  decodedBytes: option.integer({ least: 0 }),
};

/** Options of `predictorFile`. */
export type PredictorOptions = OptionsOf<typeof rules>;

/**
 * The contents of a file with which a page predicts that loads nothing but `@funhash/layers/predict`: the stored values of a
 * model, the plan of its forward pass for batches of one shape, and the same as WebAssembly code. Virtual weights stay virtual in
 * the file and are decoded once when it is read.
 *
 * @throws ArgumentError for inputs that the model does not take, OptionError for unknown options, PlanError for a model that no
 * plan can repeat, or whose code script has to help
 */
export async function predictorFile(model: Module, options: PredictorOptions): Promise<Uint8Array> {
  requireModule('predictorFile', model);
  checkOptions('predictorFile', rules, options);
  const { input, storeAs = 'f32', quality = 30, by = 'both' } = options;
  const recorded = recordedForward(model, options);
  const { plan, contents } = recorded;
  const tensors = new Map<string, StoredTensor>();
  const head: Record<string, unknown> = { version: headVersion, input };
  if (model.signature) head.signature = model.signature;
  if (by !== 'code') head.plan = planToJson(plan);
  if (by !== 'plan') head.code = codeInto(tensors, recorded);
  const shapes = new Map([...statesOf(model)].map(([name, { shape }]) => [name, shape]));
  for (const [number, storage] of contents.states) {
    const { name, dtype, length } = plan.buffers[number] as (typeof plan.buffers)[number];
    const values = await recorded.backend.download(storage.buffer);
    tensors.set(name, stored(values, { dtype, shape: shapes.get(name) ?? [length], storeAs }));
  }
  if (by !== 'code')
    for (const [number, values] of contents.constants)
      tensors.set(`constant.${number}`, raw(bytesIn(values)));
  tensors.set(headName, raw(new TextEncoder().encode(JSON.stringify(head))));
  return pack(tensors, { quality });
}

function recordedForward(
  model: Module,
  { input, dtype = 'f32', decodedBytes = 2 ** 26 }: PredictorOptions,
): RecordedPlan {
  const states = statesOf(model);
  const float = [...states.values()].find((value) => value.dtype === 'f64');
  if (float)
    throw new ArgumentError({
      operation: 'predictorFile',
      expected: 'parameters of f32',
      actual: float.dtype,
    });
  const weights = worthDecoding(model.weights().values(), decodedBytes);
  const body = (): RecordedPlan => {
    const x = zeros(input, { dtype });
    return planOf(() => ({ y: decodedByPlan(weights, () => model.forward(x)) }), { inputs: { x }, states });
  };
  const recorded = scope(body);
  const [batch, outputs] = [input[0], recorded.plan.outputs.y?.shape[0]];
  if (outputs !== batch)
    throw new ArgumentError({
      operation: 'predictorFile',
      expected: `outputs for each of ${batch} inputs`,
      actual: String(outputs),
    });
  return recorded.with(withConstantsFirst(withoutDeadCalls(withoutCopies(recorded.plan))));
}

const statesOf = (model: Module): ReadonlyMap<string, Tensor> =>
  new Map([...savedValues(model)].map(([name, { value }]) => [name, value]));

/** Adds the code of a plan to the tensors, and gives what tells how it is put together. */
function codeInto(tensors: Map<string, StoredTensor>, recorded: RecordedPlan): unknown {
  const { pages, modules, parts, segments, states, inputs, outputs } = compilePlan(recorded);
  for (const [k, bytes] of modules.entries()) tensors.set(`code.${k}`, raw(bytes));
  for (const [k, { code }] of parts.entries()) tensors.set(`part.${k}`, raw(code));
  const written = segments.map(({ bytes }) => bytes);
  tensors.set('segments', raw(joinArrays(Uint8Array, written)));
  return {
    pages,
    modules: modules.length,
    parts: parts.map(({ imports }) => imports),
    segments: segments.map(({ address, bytes }) => [address, bytes.length]),
    states,
    input: inputs.x,
    output: outputs.y,
  };
}

const bytesIn = ({ buffer, byteOffset, byteLength }: TypedArray | Uint16Array): Uint8Array =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

const raw = (data: Uint8Array): StoredTensor => ({ dtype: 'U8', shape: [data.length], data });

function stored(
  values: TypedArray,
  {
    dtype,
    shape,
    storeAs,
  }: { readonly dtype: DType; readonly shape: readonly number[]; readonly storeAs: string },
): StoredTensor {
  if (dtype !== 'f32' || storeAs === 'f32') return raw(bytesIn(values));
  if (storeAs === 'f16') return raw(bytesIn(encodeFloat16(values as Float32Array)));
  return { dtype: 'F32', shape, data: values as Float32Array };
}
