import { type Program, rewrite } from '@funhash/formula';
import { ArgumentError, checkOptions, type OptionRules, type OptionsOf, option } from '@funhash/hashing';
import { type Model, Module } from '@funhash/layers';
import {
  type KernelName,
  type PlanArgument,
  type PlanView,
  planOf,
  type RecordedPlan,
  type Shape,
  scope,
  sizeOf,
  type TypedArray,
  tensor,
} from '@funhash/tensor';
import { ExportError } from './export-error.ts';
import type { Network, NetworkBuffer, NetworkCall } from './network.ts';
import { storedAs, storedRules } from './values/stored-as.ts';

const isShape = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length >= 1 &&
  value.length <= 16 &&
  value.every((extent) => Number.isInteger(extent) && extent >= 1) &&
  sizeOf(value) <= 2 ** 28;

/** Rules of what every form of export may be told. */
export const networkRules = {
  /** Shape of one input without the batch: `[28, 28, 1]`. Default: that of the model's `signature`. */
  input: option.that<Shape>('the shape of one input, a list of whole numbers ≥ 1', isShape),
  /** Numbers of the input: real ones, or whole ones such as those of words. Default: as the signature has it, else `f32`. */
  dtype: option.oneOf(['f32', 'i32']),
  /** Inputs of one call. Default 1. */
  batch: option.count(),
  ...storedRules,
} as const;

export type NetworkOptions = OptionsOf<typeof networkRules>;

const modelRule = option.that<Model>(
  'a layer or a network',
  (value) => typeof (value as Model | undefined)?.forward === 'function',
);

/**
 * What a model does to an input at inference, written down once: its plan, with the values that it stands on.
 *
 * @param rules of all that this form of export may be told, these among them
 * @throws ArgumentError where the shape of an input is not known; PlanError for a model that reads values while it computes;
 * ExportError for one of other numbers than f32 and i32
 */
export async function networkOf(
  operation: string,
  rules: OptionRules,
  model: Model,
  options: NetworkOptions,
): Promise<Network> {
  checkOptions(operation, rules, options);
  if (!modelRule.accepts(model))
    throw new ArgumentError({ operation, expected: 'a layer or a network', actual: typeof model });
  const { input, dtype, batch = 1, storeAs } = options;
  const signature = model instanceof Module ? model.signature : undefined;
  const shape = input ?? signature?.input;
  if (!shape)
    throw new ArgumentError({
      operation,
      expected: 'the shape of one input',
      actual: 'a model without a signature',
      remedy: 'Say it: { input: [28, 28, 1] }.',
    });
  const type = dtype ?? (signature?.dtype === 'i32' ? 'i32' : 'f32');
  const whole: Shape = [batch, ...shape];
  const recorded = scope(() => {
    const values = type === 'i32' ? new Int32Array(sizeOf(whole)) : new Float32Array(sizeOf(whole));
    const x = tensor(values, whole, { dtype: type });
    // Layers that read values at their first use, such as the bounds of packed signs, have then done so.
    model.forward(x);
    return planOf(() => ({ y: model.forward(x) }), { inputs: { x } });
  });
  const network = storedAs(await networkOfPlan(recorded, whole, type), storeAs);
  requirePlainTypes(operation, network);
  return network;
}

/** Refuses networks of other numbers than f32 and i32. @throws ExportError */
function requirePlainTypes(operation: string, { buffers }: Network): void {
  const other = buffers.find(({ dtype }) => dtype !== 'f32' && dtype !== 'i32');
  if (other)
    throw new ExportError({
      operation,
      expected: 'a network of f32',
      actual: other.dtype,
      remedy: 'Bring its parameters to f32 first: useDtype("f32").',
    });
}

async function networkOfPlan(recorded: RecordedPlan, shape: Shape, dtype: 'f32' | 'i32'): Promise<Network> {
  const { plan } = recorded;
  const values = await contentsOf(recorded);
  const buffers = plan.buffers.map(
    (buffer, number): NetworkBuffer => ({
      dtype: buffer.dtype,
      length: buffer.length,
      values: values.get(number),
    }),
  );
  const programs = new Programs(plan.programs);
  const calls = plan.calls.map(
    ({ kernel, args }): NetworkCall => ({ kernel, args: programs.settled(kernel, args) }),
  );
  const input = plan.buffers.findIndex(({ kind }) => kind === 'input');
  // A network that does not look at its input has no buffer for it.
  const known = input >= 0 ? input : buffers.push({ dtype, length: sizeOf(shape), values: undefined }) - 1;
  return {
    buffers,
    programs: programs.all,
    calls,
    input: { buffer: known, shape, dtype },
    output: plan.outputs.y as PlanView,
  };
}

/** What constants and states hold, by the numbers of their buffers. */
async function contentsOf({ backend, contents }: RecordedPlan): Promise<ReadonlyMap<number, TypedArray>> {
  const found = new Map<number, TypedArray>(contents.constants);
  for (const [number, { buffer }] of contents.states)
    found.set(
      number,
      (backend.host ? backend.host(buffer).slice() : await backend.download(buffer)) as TypedArray,
    );
  return found;
}

/** Programs whose words and reals of the call stand in them as constants: one for each that differs. */
class Programs {
  readonly all: Program[] = [];
  readonly #given: readonly Program[];
  readonly #known = new Map<string, number>();

  constructor(given: readonly Program[]) {
    this.#given = given;
  }

  /** Arguments of a call with the programs of this list. */
  settled(kernel: KernelName, args: readonly PlanArgument[]): readonly PlanArgument[] {
    // Scalars of `map` are an argument of their own, those of matrices stand beside the program.
    const scalars = kernel === 'map' ? (args[2] as readonly number[]) : [];
    return args.map((arg) => this.#argument(arg, [], scalars));
  }

  #argument(argument: PlanArgument, uniforms: readonly number[], scalars: readonly number[]): PlanArgument {
    if (typeof argument !== 'object' || argument === null) return argument;
    if (Array.isArray(argument)) return argument.map((each) => this.#argument(each, uniforms, scalars));
    const { program, stored } = argument as { readonly program?: unknown; readonly stored?: unknown };
    if (stored !== undefined) {
      const own = argument as Readonly<Record<string, PlanArgument>>;
      const words = own.uniforms as readonly number[];
      const reals = own.scalars as readonly number[];
      return { ...own, uniforms: [], scalars: [], program: this.#argument(own.program, words, reals) };
    }
    if (typeof program === 'number') return { program: this.#numberOf(program, uniforms, scalars) };
    return Object.fromEntries(
      Object.entries(argument).map(([name, member]) => [name, this.#argument(member, uniforms, scalars)]),
    );
  }

  #numberOf(number: number, uniforms: readonly number[], scalars: readonly number[]): number {
    const given = this.#given[number] as Program;
    const settled = rewrite(given, ({ op, value }) => {
      if (op === 'uniform') return { op: 'word', value: (uniforms[value] as number) >>> 0 };
      if (op === 'scalar') return { op: 'real', value: Math.fround(scalars[value] as number) };
      return { op, value };
    });
    const known = this.#known.get(settled.key);
    if (known !== undefined) return known;
    this.#known.set(settled.key, this.all.length);
    return this.all.push(settled) - 1;
  }
}
