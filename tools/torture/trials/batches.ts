import { mean, multiply } from '@funhash/autodiff';
import { type Random, random } from '@funhash/hashing';
import type { Model, Module, Pass } from '@funhash/layers';
import { layerSamples } from '@funhash/layers/testing';
import { Parameter } from '@funhash/space';
import { keep, sizeOf, type Tensor, tensor } from '@funhash/tensor';
import {
  type Examples,
  type FitConfig,
  type FitEvent,
  fit,
  type Optimizer,
  optimizers,
} from '@funhash/training';
import { savedValuesOf } from '../saved-values.ts';
import { demand, type Trial } from '../trial.ts';

/** What goes wrong in one step. */
const faults = [
  'NaN inputs',
  'infinite inputs',
  'NaN loss',
  'failing loss',
  'failing model',
  'failing data',
  'abort',
  'left',
] as const;

type Fault = (typeof faults)[number];

/** Training steps that fail, of every layer: nothing of them stays, and training goes on as if they had not been. */
export const batches: Trial = {
  name: 'batches',
  summary:
    'NaN batches, exceptions and aborts in steps of fit, for every layer: state as before, then as without them',
  tries: 400,
  // One backend serves all: one lane.
  run: (work) => work.attempts((index, draw) => attempt(index, draw), 1),
};

const samples = Object.values(layerSamples).flatMap(({ layers, ...sample }) =>
  layers().map((_, k) => ({ ...sample, make: () => layers()[k] as Module })),
);

type Sample = (typeof samples)[number];

const makers = Object.entries(optimizers) as unknown as readonly (readonly [
  string,
  (options?: object) => Optimizer,
])[];

class Failure extends Error {}

async function attempt(index: number, draw: Random): Promise<undefined> {
  const sample = samples[index % samples.length] as Sample;
  const steps = 4 + draw.integer(4);
  const badStep = 1 + draw.integer(steps);
  const fault = faults[draw.integer(faults.length)] as Fault;
  const [name, make] = makers[draw.integer(makers.length)] as (typeof makers)[number];
  const run: Run = { sample, steps, seed: index, optimizer: () => make({ learningRate: 0.01 }) };
  const where = `${sample.make().spec.type}, ${name}, ${fault} in step ${badStep} of ${steps}`;

  const right = await finished(run, modelOf(sample));
  const model = modelOf(sample);
  const met = await metFault(run, model, fault, badStep);
  // A loss may be finite though inputs are not, or the layer may hide them.
  if (met.error === undefined && fault !== 'abort' && fault !== 'left') return;
  const isForeseen =
    fault.startsWith('NaN') || fault.startsWith('inf')
      ? (met.error as Error)?.name === 'DivergedError'
      : true;
  demand(isForeseen, `${where}: ${met.error}`, `${fault}: untyped`);
  // A step of a finite loss was taken; that its gradients were not is found when it shall be saved.
  if (met.error !== undefined && !met.isTaken)
    demand(
      savedValuesOf(model) === met.before,
      `${where}: the model is not as before the step`,
      `${fault}: the model changed`,
    );
  if (met.isTaken && met.checkpoint === undefined) return;
  const resumed = await finished(run, model, met.checkpoint);
  demand(
    resumed === right,
    `${where}: training does not go on as without the step`,
    `${fault}: another course`,
  );
  return undefined;
}

interface Run {
  readonly sample: Sample;
  readonly steps: number;
  readonly seed: number;
  readonly optimizer: () => Optimizer;
}

/** A layer behind a factor, so that layers without parameters have something to train. */
function modelOf({ make, below }: Sample): Model {
  const layer = make();
  const gain = below === undefined ? new Parameter('gain', keep(tensor([1], [1]))) : undefined;
  return {
    forward: (x: Tensor, pass?: Pass) => layer.forward(gain ? multiply(x, gain.value) : x, pass),
    namedParameters: () => new Map([...(gain ? [['gain', gain] as const] : []), ...layer.namedParameters()]),
    namedBuffers: () => layer.namedBuffers(),
  };
}

/** Batch `step` of a run, counted from 1. */
function batchOf({ sample: { input, below }, seed }: Run, step: number, value?: number): Examples {
  const [count, ...inputShape] = input as [number, ...number[]];
  const draw = random(seed).fork(step);
  const size = sizeOf(input);
  const inputs =
    below === undefined
      ? Float32Array.from({ length: size }, () => draw.normal())
      : Int32Array.from({ length: size }, () => draw.integer(below));
  if (value !== undefined && below === undefined) inputs[draw.integer(size)] = value;
  return { count, inputs, inputShape, targets: new Float32Array(count) };
}

const squares = (y: Tensor): Tensor => mean(multiply(y, y));

function configOf(run: Run, model: Model): FitConfig {
  return {
    model,
    data: () => Array.from({ length: run.steps }, (_, k) => batchOf(run, k + 1)),
    stepsPerEpoch: run.steps,
    epochs: 1,
    optimizer: run.optimizer(),
    loss: function squaresOf(y) {
      return squares(y);
    },
    reportEverySteps: 1,
    checkpoint: { everySteps: 1 },
    seed: run.seed,
  };
}

/** The last checkpoint of a run to its end, as text: parameters, statistics, the optimiser's state. */
async function finished(run: Run, model: Model, resume?: Uint8Array): Promise<string> {
  let last: Uint8Array | undefined;
  for await (const event of fit({ ...configOf(run, model), ...(resume && { resume }) }))
    if (event.type === 'checkpoint') last = event.bytes;
  return Buffer.from(last ?? []).toString('base64');
}

interface Met {
  readonly error: unknown;
  /** The model before the step. */
  readonly before: string;
  readonly checkpoint: Uint8Array | undefined;
  /** Whether the step was taken. */
  readonly isTaken: boolean;
}

/** Trains until something goes wrong in a step. */
async function metFault(run: Run, model: Model, fault: Fault, badStep: number): Promise<Met> {
  const config = configOf(run, model);
  const controller = new AbortController();
  let [step, isWithin] = [0, false];
  const value = { 'NaN inputs': Number.NaN, 'infinite inputs': Number.POSITIVE_INFINITY }[fault as string];
  const faulty: FitConfig = {
    ...config,
    signal: controller.signal,
    data: function* () {
      for (let k = 1; k <= run.steps; k++) {
        step = k;
        if (fault === 'failing data' && k === badStep) throw new Failure(fault);
        yield batchOf(run, k, k === badStep ? value : undefined);
      }
    },
    model: {
      ...model,
      forward: (x, pass) => {
        const y = model.forward(x, pass);
        // Statistics have moved by now, where they move in a pass.
        if (fault === 'failing model' && step === badStep) throw new Failure(fault);
        return y;
      },
    },
    // Its name is part of a checkpoint.
    loss: function squaresOf(y) {
      const loss = squares(y);
      if (step !== badStep) return loss;
      if (fault === 'failing loss') throw new Failure(fault);
      return fault === 'NaN loss' ? multiply(loss, tensor([Number.NaN], [])) : loss;
    },
  };
  let before = savedValuesOf(model);
  let checkpoint: Uint8Array | undefined;
  let isTaken = false;
  const note = (event: FitEvent): void => {
    if (event.type === 'step' && event.step === badStep) isTaken = true;
    if (event.type !== 'checkpoint') return;
    checkpoint = event.bytes;
    before = savedValuesOf(model);
    isWithin = event.step >= badStep - 1;
    if (isWithin && fault === 'abort') controller.abort();
  };
  try {
    for await (const event of fit(faulty)) {
      note(event);
      if (isWithin && fault === 'left') break;
    }
    return { error: undefined, before, checkpoint, isTaken };
  } catch (error) {
    return { error, before, checkpoint, isTaken };
  }
}
