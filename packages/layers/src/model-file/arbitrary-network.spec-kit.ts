import { type MatrixShape, SharedSpace, type WeightPolicy, type WeightRequest } from '@funhash/space';
import { schemeSamples } from '@funhash/space/testing';
import fc from 'fast-check';
import { Activation } from '../activation.ts';
import { type ActivationName, activations } from '../activations.ts';
import { Sequential } from '../containers/sequential.ts';
import { Dense } from '../dense.ts';
import { Dropout } from '../dropout.ts';
import { Flatten } from '../flatten.ts';
import type { Module } from '../module.ts';
import { Quantize } from '../quantize.ts';

/** Makes a request for a matrix, out of a shared space where the scheme may use one. */
type MakeRequest = (shape: MatrixShape, space: SharedSpace) => WeightRequest;

/** Every scheme, with options that fit any shape. */
const request: fc.Arbitrary<MakeRequest> = fc
  .constantFrom(...Object.values(schemeSamples()).flat())
  .chain(({ scheme, drawn }) =>
    fc
      .record({
        make: drawn,
        policy: fc.constantFrom<WeightPolicy>('tile', 'step', 'frozen'),
        isShared: scheme.definition.pool ? fc.boolean() : fc.constant(false),
      })
      .map(({ make, policy, isShared }): MakeRequest => {
        return (shape, space) => ({ ...make(shape, isShared ? space : undefined), policy });
      }),
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
            weight: weight({ rows: width, cols: into }, space),
            bias: typeof bias === 'boolean' ? bias : bias({ rows: width, cols: 1 }, space),
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
