import { ArgumentError, checkArgument, checkOptions, type OptionsOf, option } from '@funhash/hashing';
import {
  compact,
  compress,
  foldBatchNorm,
  levels,
  load,
  lsq,
  type Module,
  type Parameter,
  placedWeights,
  type Weight,
} from '@funhash/layers';
import { startStep } from '@funhash/space';
import { scope, tensor } from '@funhash/tensor';
import { modelRule } from './evaluate.ts';
import { type Rate, rate } from './rate.ts';

export const byteBudgetRules = {
  /** The most bytes of the whole file: description, levels, steps, biases, checksum. */
  bytes: option.required(option.count()),
} as const;

/** Options of `byteBudget`. */
export type ByteBudgetOptions = OptionsOf<typeof byteBudgetRules>;

/** A net whose file shall have so many bytes at most, and what sees to that. */
export interface ByteBudget {
  readonly model: Module;
  /** What `fit` takes with the model: it pays for levels. */
  readonly penalty: Rate;
  /**
   * Ends training: rounds what has no levels, and takes the least of these to 0 until the file fits.
   *
   * @returns the compact file, which `load` reads to the very bits of the model
   */
  finish(): Promise<Uint8Array>;
}

/** Bits of a level before training: fewer than what a rate leaves are of no use, more cost nothing. */
const bits = 6;
/** What the coder takes, in units of the rate's own count: what its contexts gain, adapting costs. */
const inefficiency = 1;
/** Greatest level of a bias. Few are there, and no training makes up for what rounding them costs: with 31 that were 0.4 points of MNIST. */
const biasLevels = 127;
/** The least that a file of levels may be left, so that there is something to train. */
const leastBytes = 16;

const fileOf = (net: Module): Promise<Uint8Array> => net.toBytes({ compact, storeAs: 'coded' });

/**
 * A trained net as one with its weights as levels, batch normalisation folded in, and the rate that trains it to a file of so many bytes.
 * Matrices that have a scheme of their own keep it, with the values that it stores as levels; those of a shared space stay as they are.
 *
 *     const { model, penalty, finish } = await byteBudget(trained, { bytes: 1000 });
 *     await fit({ model, data, epochs: 20, penalty, optimizer: adam({ learningRate: 0.03, relativeStep: true }) });
 *     const file = await finish();
 *
 * @param trained is as before when this ends
 * @throws ArgumentError where description, biases and steps alone take as many bytes; OptionError for unknown options
 */
export async function byteBudget(trained: Module, options: ByteBudgetOptions): Promise<ByteBudget> {
  checkArgument('byteBudget', 'model', modelRule, trained);
  checkOptions('byteBudget', byteBudgetRules, options);
  const { bytes } = options;
  const folded = foldBatchNorm(trained);
  const weights = folded.weights();
  const plain = placedWeights(folded).filter(({ name }) => weights.get(name)?.isPlain);
  const rounded =
    plain.length === 0
      ? folded
      : (await compress(folded, { weight: lsq({ bits }), layers: plain.map(({ name }) => name) })).model;
  const net = await withLevels(rounded);
  net.signature = trained.signature;
  const left = (bytes - (await emptyBytes(net))) / inefficiency;
  if (left < leastBytes)
    throw new ArgumentError({
      operation: 'byteBudget',
      expected: `more than ${Math.ceil(bytes - left * inefficiency + leastBytes * inefficiency)} bytes, for what is no weight and a few that are`,
      actual: String(bytes),
      remedy: 'Take a net of fewer layers and channels, or allow more bytes.',
    });
  const penalty = rate(net, { bytes: left });
  return {
    model: net,
    penalty,
    finish: async () => {
      await roundOthers(net);
      await trim(net, bytes);
      return fileOf(net);
    },
  };
}

/** A net whose schemes store levels, where they do not yet, with the values that they have. */
async function withLevels(model: Module): Promise<Module> {
  const weights = model.weights();
  const coded = placedWeights(model).filter(({ name }) => {
    const { isPlain, space, scale, parameters } = weights.get(name) as Weight;
    const isFree = parameters.every(({ rule }) => !rule.multiples && !rule.bounds);
    return !isPlain && !space && scale === undefined && isFree;
  });
  if (coded.length === 0) return model;
  const { model: net } = await compress(model, {
    layers: coded.map(({ name }) => name),
    weight: ({ name }) => {
      const { definition, options, policy } = weights.get(name) as Weight;
      const scheme = levels.over({ definition });
      return { scheme, options: { ...options, bits }, size: {}, policy, space: undefined };
    },
    // Values are those that the schemes have: nothing is to be found.
    fit: { steps: 0 },
  });
  const made = net.weights();
  for (const { name } of coded)
    for (const { name: array, value } of (weights.get(name) as Weight).parameters) {
      const [latent, step] = [array, `${array}Step`].map((each) =>
        made.get(name)?.parameters.find((parameter) => parameter.name === each),
      ) as [Parameter, Parameter];
      const values = Float32Array.from(await value.data());
      scope(() => {
        latent.assign(tensor(values, value.shape));
        step.assign(tensor([startStep(values, bits)]));
      });
    }
  return net;
}

/** Bytes of a file of the net without a level that is not 0. */
async function emptyBytes(net: Module): Promise<number> {
  const copy = await load(await net.toBytes({ latent: true }));
  await roundOthers(copy);
  for (const parameter of copy.parameters())
    if (parameter.rule.multiples)
      scope(() => parameter.assign(tensor(new Float32Array(parameter.value.size), parameter.value.shape)));
  return (await fileOf(copy)).length;
}

/** Steps to 8 bits of fraction, all else that has no levels to few multiples of a power of two. */
async function roundOthers(net: Module): Promise<void> {
  const latents = new Map([...leveled(net)].map(({ latent, step }) => [step, latent]));
  for (const parameter of net.parameters()) {
    if (parameter.rule.multiples) continue;
    const values = Float32Array.from(await parameter.value.data());
    const largest = values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const unit = 2 ** Math.ceil(Math.log2(Math.max(largest, 2 ** -60) / biasLevels));
    const latent = latents.get(parameter);
    const rounded = values.map((x) => (latent ? upperHalf(x) : Math.round(x / unit) * unit));
    scope(() => parameter.assign(tensor(rounded, parameter.value.shape)));
    // Levels stay what they are: a rate gathers values where 0 and the next level meet, and a step that is one in a thousand off moves many across.
    if (latent) {
      const ratio = (rounded[0] as number) / (values[0] as number);
      const moved = Float32Array.from(await latent.value.data(), (x) => x * ratio);
      scope(() => latent.assign(tensor(moved, latent.value.shape)));
    }
  }
}

/** The nearest f32 whose lower half is 0. */
function upperHalf(x: number): number {
  const word = new Uint32Array(Float32Array.of(x).buffer);
  word[0] = ((word[0] as number) + 0x8000) & 0xffff0000;
  return new Float32Array(word.buffer)[0] as number;
}

function* leveled(net: Module): Generator<{ readonly latent: Parameter; readonly step: Parameter }> {
  const all = net.namedParameters();
  for (const [name, latent] of all) {
    const { multiples } = latent.rule;
    const step = multiples && all.get(name.slice(0, name.lastIndexOf('.') + 1) + multiples.of);
    if (step) yield { latent, step };
  }
}

/** Takes the levels nearest to becoming 0 to 0, a few at a time, until the file has so many bytes. */
async function trim(net: Module, bytes: number): Promise<void> {
  const tensors = await Promise.all(
    [...leveled(net)].map(async ({ latent, step }) => ({
      latent,
      values: Float32Array.from(await latent.value.data()),
      step: (await step.value.data())[0] as number,
    })),
  );
  const order = tensors
    .flatMap(({ values, step }, which) =>
      Array.from(values, (x, at) => ({ which, at, size: Math.abs(x / step) })).filter(
        ({ size }) => size >= 0.49,
      ),
    )
    .sort((a, b) => a.size - b.size);
  let next = 0;
  for (;;) {
    const excess = (await fileOf(net)).length - bytes;
    if (excess <= 0 || next === order.length) return;
    const until = Math.min(order.length, next + Math.max(1, Math.ceil(excess * levelsPerByte)));
    const touched = new Set<number>();
    for (; next < until; next++) {
      const { which, at } = order[next] as (typeof order)[number];
      (tensors[which] as (typeof tensors)[number]).values[at] = 0;
      touched.add(which);
    }
    for (const which of touched) {
      const { latent, values } = tensors[which] as (typeof tensors)[number];
      scope(() => latent.assign(tensor(values, latent.value.shape)));
    }
  }
}

/** Levels that a byte holds, about: those near 0 take more than one bit each. */
const levelsPerByte = 1;
