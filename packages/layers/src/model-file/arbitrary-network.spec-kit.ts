import {
  binary,
  dense,
  funHash,
  hashedNet,
  lowRank,
  lsq,
  mpo,
  productHash,
  randomEdgeRemoval,
  robe,
  SharedSpace,
  stochasticBinary,
  tensorTrain,
  ternary,
  tiles,
  type WeightPolicy,
  type WeightRequest,
} from '@funhash/space';
import fc from 'fast-check';
import { Activation } from '../activation.ts';
import { type ActivationName, activations } from '../activations.ts';
import { Sequential } from '../containers/sequential.ts';
import { Dense } from '../dense.ts';
import { Dropout } from '../dropout.ts';
import { Flatten } from '../flatten.ts';
import type { Module } from '../module.ts';
import { Quantize } from '../quantize.ts';

/** A request made anew for each network: what it is made from, and whether it is out of the network's shared space. */
type MakeRequest = (space: SharedSpace) => WeightRequest;

const policy = fc.constantFrom<WeightPolicy>('tile', 'step', 'frozen');
const values = fc.integer({ min: 70, max: 120 });
const hash = fc.constantFrom('xxHash32', 'murmur3', 'multiplyShift') as fc.Arbitrary<'xxHash32'>;

/** Every scheme, with options that fit any shape. */
const request: fc.Arbitrary<MakeRequest> = fc.oneof(
  policy.map((policy) => () => dense({ policy })),
  fc.record({ values, policy, hash }).map((options) => () => hashedNet(options)),
  fc
    .record({ policy, seed: fc.nat() })
    .map((options) => (space: SharedSpace) => hashedNet({ ...options, space })),
  policy.map((policy) => (space: SharedSpace) => tiles({ policy, space })),
  fc
    .record({
      values,
      hashes: fc.constantFrom(2 as const, 4 as const),
      layers: fc.constantFrom(2 as const, 3 as const, 4 as const),
      hops: fc.integer({ min: 1, max: 2 }),
      dual: fc.boolean(),
      policy,
    })
    .map((options) => () => funHash(options)),
  fc
    .constantFrom(binary, stochasticBinary, ternary)
    .chain((quantizer) =>
      fc
        .option(fc.record({ values, hash }))
        .map((latent) => () => quantizer(latent ? hashedNet(latent) : undefined)),
    ),
  fc.record({ bits: fc.integer({ min: 2, max: 8 }) }).map((options) => () => lsq(options)),
  fc.record({ rank: fc.integer({ min: 1, max: 3 }), policy }).map((options) => () => lowRank(options)),
  fc
    .record({ ranks: fc.constant(1), padding: fc.boolean(), policy })
    .map((options) => () => tensorTrain(options)),
  fc
    .record({ bonds: fc.constant(1), boundary: fc.integer({ min: 1, max: 3 }), policy })
    .map((options) => () => mpo(options)),
  fc.record({ values, policy }).map((options) => () => productHash(options)),
  fc
    .record({ blockRows: fc.integer({ min: 1, max: 4 }), blockCols: fc.integer({ min: 1, max: 4 }), policy })
    .map((options) => () => randomEdgeRemoval(options)),
  fc
    .record({ values, block: fc.constantFrom(4 as const, 8 as const), policy })
    .map((options) => () => robe(options)),
  fc.record({ values, side: fc.constantFrom(2 as const, 4 as const) }).map((options) => () => tiles(options)),
);

const activation = fc.constantFrom(...(Object.keys(activations) as ActivationName[]));

interface Step {
  /** Layers from one width to the next. */
  readonly make: (into: number, out: number, space: SharedSpace) => Module[];
  readonly out: number;
}

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .record({
        out: fc.integer({ min: 1, max: 9 }),
        weight: request,
        bias: fc.oneof(fc.boolean(), request),
        activation: fc.option(activation, { nil: undefined }),
        seed: fc.option(fc.nat(), { nil: undefined }),
      })
      .map(({ out, weight, bias, activation, seed }) => ({
        out,
        make: (into: number, width: number, space: SharedSpace) => [
          new Dense({
            in: into,
            out: width,
            weight: weight(space),
            bias: typeof bias === 'boolean' ? bias : bias(space),
            ...(activation !== undefined && { activation }),
            ...(seed !== undefined && { seed }),
          }),
        ],
      })),
  },
  fc.constant({ out: 0, make: () => [new Flatten()] }),
  fc
    .record({ bits: fc.integer({ min: 2, max: 8 }), signed: fc.boolean() })
    .map((options) => ({ out: 0, make: () => [new Quantize(options)] })),
  activation.map((name) => ({ out: 0, make: () => [new Activation(name)] })),
  fc
    .double({ min: 0, max: 0.99, noNaN: true })
    .map((rate) => ({ out: 0, make: () => [new Dropout({ rate })] })),
);

export interface NetworkCase {
  /** Width of the input. */
  readonly width: number;
  /** A network of its own at every call, always the same one. */
  readonly make: () => Sequential;
}

/** Networks of all layers and schemes, with nesting and a space that some of the layers share. */
export const network: fc.Arbitrary<NetworkCase> = fc
  .record({
    width: fc.integer({ min: 1, max: 9 }),
    seed: fc.nat(),
    steps: fc.array(step, { maxLength: 4 }),
    inner: fc.array(step, { maxLength: 2 }),
  })
  .map(({ width, seed, steps, inner }) => ({
    width,
    make: () => {
      const space = new SharedSpace({ values: 80, seed });
      let at = width;
      const build = (list: readonly Step[]): Module[] =>
        list.flatMap(({ make, out }) => {
          const layers = make(at, out, space);
          at = out || at;
          return layers;
        });
      return new Sequential([...build(steps), new Sequential(build(inner))], { seed });
    },
  }));
