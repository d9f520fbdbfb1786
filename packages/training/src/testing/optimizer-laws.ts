import { random } from '@funhash/hashing';
import { type Law, LawError } from '@funhash/hashing/testing';
import { Parameter } from '@funhash/space';
import { type FloatDType, scope, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import type { BoundOptimizer, Optimizer, OptimizerOptions, RunLength } from '../optimizer.ts';

type Vectors = Readonly<Record<string, readonly number[]>>;

/** An optimiser beside the parameters that it moves. */
interface Run {
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly bound: BoundOptimizer;
}

const sizes = { first: 5, second: 3 };
const seeds = fc.integer({ min: 0, max: 2 ** 20 });

/** Vectors of magnitude about 1, none of them 0. */
function draw(seed: number, label: string | number): Vectors {
  const source = random(seed).fork(label);
  return Object.fromEntries(
    Object.entries(sizes).map(([name, size]) => [
      name,
      Array.from({ length: size }, () =>
        Math.fround((0.5 + source.uniform()) * (source.uniform() < 0.5 ? -1 : 1)),
      ),
    ]),
  );
}

const scaled = (vectors: Vectors, factor: number): Vectors =>
  Object.fromEntries(Object.entries(vectors).map(([name, values]) => [name, values.map((x) => x * factor)]));

async function begin(
  optimizer: Optimizer,
  start: Vectors,
  { dtype = 'f64', ...length }: RunLength & { readonly dtype?: FloatDType } = {},
): Promise<Run> {
  const parameters = new Map(
    Object.entries(start).map(([name, values]) => [
      name,
      new Parameter(name, tensor(values, [values.length], { dtype })),
    ]),
  );
  return { parameters, bound: await optimizer.create(parameters, length) };
}

function stepBy({ parameters, bound }: Run, gradients: Vectors): void {
  scope(() => {
    bound.update(
      [...parameters].map(([name, { value }]) =>
        tensor(gradients[name] as number[], value.shape, { dtype: value.dtype }),
      ),
    );
  });
}

const valuesOf = ({ parameters }: Run): Vectors =>
  Object.fromEntries([...parameters].map(([name, { value }]) => [name, Array.from(value.dataSync())]));

const flat = (vectors: Vectors): number[] => Object.keys(sizes).flatMap((name) => vectors[name] as number[]);

const squares = (vectors: Vectors): number => flat(vectors).reduce((sum, x) => sum + x * x, 0);

function end({ parameters, bound }: Run): void {
  bound.dispose();
  for (const { value } of parameters.values()) value.dispose();
}

/** Values after `steps` steps along drawn gradients. */
async function moved(
  optimizer: Optimizer,
  start: Vectors,
  seed: number,
  steps: number,
  length: RunLength & { readonly dtype?: FloatDType } = {},
): Promise<Vectors> {
  const run = await begin(optimizer, start, length);
  for (let k = 0; k < steps; k++) stepBy(run, draw(seed, k));
  const values = valuesOf(run);
  end(run);
  return values;
}

function requireEqual(law: string, expected: Vectors, actual: Vectors): void {
  const [a, b] = [flat(expected), flat(actual)];
  if (a.every((x, k) => Object.is(x, b[k]))) return;
  throw new LawError({ operation: law, expected: `[${a}]`, actual: `[${b}]` });
}

/**
 * Laws of every optimiser, for the function that makes it: `optimizerLaws(adam)`. Options beyond those that all
 * optimisers take are bound by the caller: `optimizerLaws((options) => sgd({ ...options, momentum: 0.9 }))`. Runs on
 * the current backend, whose memory script must see.
 */
export function optimizerLaws(create: (options: OptimizerOptions) => Optimizer): Law[] {
  const plain = { learningRate: 0.05, weightDecay: 0 };
  const law = (name: string, check: (name: string, seed: number) => Promise<void>): Law => ({
    name,
    check: () =>
      fc.assert(
        fc.asyncProperty(seeds, (seed) => check(name, seed)),
        { numRuns: 5, seed: 1412 },
      ),
  });
  return [
    law('descends a convex quadratic', async (name, seed) => {
      const start = draw(seed, 'start');
      const curvatures = flat(scaled(draw(seed, 'curvature'), 0.5)).map(Math.abs);
      const run = await begin(create({ ...plain, relativeStep: true }), start);
      for (let k = 0; k < 200; k++) {
        const values = valuesOf(run);
        let at = 0;
        stepBy(
          run,
          Object.fromEntries(
            Object.entries(values).map(([key, x]) => [key, x.map((y) => y * (curvatures[at++] as number))]),
          ),
        );
      }
      const [before, after] = [squares(start), squares(valuesOf(run))];
      end(run);
      if (!(after < before / 20))
        throw new LawError({
          operation: name,
          expected: `a squared distance far below ${before}`,
          actual: String(after),
        });
    }),
    law(
      'with relative steps, values k times as large move k times as far by the same gradients',
      async (name, seed) => {
        const start = draw(seed, 'start');
        const optimizer = create({ ...plain, relativeStep: true });
        const factor = 2 ** ((seed % 21) - 10);
        const once = scaled(await moved(optimizer, start, seed, 4), factor);
        requireEqual(name, once, await moved(optimizer, scaled(start, factor), seed, 4));
      },
    ),
    law('with relative steps, the scale of values that start at 0 is 0.03', async (name, seed) => {
      const zero = scaled(draw(seed, 'start'), 0);
      const learningRate = 0.5;
      const relative = await moved(create({ ...plain, learningRate, relativeStep: true }), zero, seed, 3);
      const absolute = await moved(create({ ...plain, learningRate: learningRate * 0.03 }), zero, seed, 3);
      requireEqual(name, absolute, relative);
    }),
    law('gradients of 0 move nothing', async (name, seed) => {
      const start = draw(seed, 'start');
      const run = await begin(create(plain), start);
      for (let k = 0; k < 3; k++) stepBy(run, scaled(start, 0));
      requireEqual(name, start, valuesOf(run));
      end(run);
    }),
    law('weights decay under gradients of 0, but for those excluded', async (name, seed) => {
      const start = draw(seed, 'start');
      const run = await begin(create({ learningRate: 0.01, weightDecay: 0.1, noDecay: ['second'] }), start);
      for (let k = 0; k < 3; k++) stepBy(run, scaled(start, 0));
      const after = valuesOf(run);
      end(run);
      const shrunk = after.first?.every((x, k) => Math.abs(x) < Math.abs(start.first?.[k] as number));
      if (!shrunk)
        throw new LawError({
          operation: name,
          expected: `smaller than [${start.first}]`,
          actual: `[${after.first}]`,
        });
      requireEqual(name, { ...after, second: start.second as number[] }, after);
    }),
    law('a restored state continues bit for bit', async (name, seed) => {
      const start = draw(seed, 'start');
      const options = { ...plain, weightDecay: 0.01, relativeStep: true, clipNorm: 2 };
      const length = { steps: 6, schedule: (step: number): number => 1 / (step + 1) };
      const straight = await moved(create(options), start, seed, 6, length);
      const first = await begin(create(options), start, length);
      for (let k = 0; k < 3; k++) stepBy(first, draw(seed, k));
      const { slots, ...json } = await first.bound.state();
      const second = await begin(create(options), valuesOf(first), length);
      end(first);
      second.bound.restore({ ...JSON.parse(JSON.stringify(json)), slots });
      for (let k = 3; k < 6; k++) stepBy(second, draw(seed, k));
      requireEqual(name, straight, valuesOf(second));
      end(second);
    }),
    law('writes in place: the same tensor, a new version', async (name, seed) => {
      const run = await begin(create(plain), draw(seed, 'start'));
      const before = [...run.parameters.values()].map(
        (parameter) => [parameter, parameter.value, parameter.version] as const,
      );
      stepBy(run, draw(seed, 0));
      for (const [parameter, value, version] of before)
        if (parameter.value !== value || value.isDisposed || parameter.version <= version)
          throw new LawError({
            operation: name,
            expected: `the tensor of ${parameter.name}, after version ${version}`,
            actual: `version ${parameter.version}`,
          });
      end(run);
    }),
    law('a step whose last gradient is refused moves nothing and is not counted', async (name, seed) => {
      const start = draw(seed, 'start');
      const run = await begin(create(plain), start);
      let isRefused = false;
      scope(() => {
        const first = tensor(start.first as number[], [sizes.first], { dtype: 'f64' });
        try {
          run.bound.update([first, tensor([1], [1], { dtype: 'f64' })]);
        } catch {
          isRefused = true;
        }
      });
      requireEqual(name, start, valuesOf(run));
      if (!isRefused || run.bound.step !== 0)
        throw new LawError({
          operation: name,
          expected: 'an error, and step 0',
          actual: `step ${run.bound.step}`,
        });
      end(run);
    }),
    law('the order of parameters does not matter', async (name, seed) => {
      const start = draw(seed, 'start');
      const reversed = Object.fromEntries(Object.entries(start).reverse());
      const optimizer = create({ ...plain, weightDecay: 0.01, relativeStep: true });
      requireEqual(name, await moved(optimizer, start, seed, 3), await moved(optimizer, reversed, seed, 3));
    }),
    law('f32 is f64 rounded', async (name, seed) => {
      const start = draw(seed, 'start');
      const [wide, narrow] = [
        flat(await moved(create(plain), start, seed, 8, { dtype: 'f64' })),
        flat(await moved(create(plain), start, seed, 8, { dtype: 'f32' })),
      ];
      if (!wide.every((x, k) => Math.abs(x - (narrow[k] as number)) <= 1e-5 * (1 + Math.abs(x))))
        throw new LawError({ operation: name, expected: `[${wide}]`, actual: `[${narrow}]` });
    }),
    law('a gradient that is NaN reaches its element and no other', async (name, seed) => {
      const run = await begin(create({ ...plain, clipValue: 1 }), draw(seed, 'start'));
      const gradients = draw(seed, 0);
      stepBy(run, { ...gradients, first: [Number.NaN, ...(gradients.first as number[]).slice(1)] });
      const after = flat(valuesOf(run));
      end(run);
      if (!after.every((x, k) => Number.isNaN(x) === (k === 0)))
        throw new LawError({
          operation: name,
          expected: 'NaN in the first element alone',
          actual: `[${after}]`,
        });
    }),
  ];
}
