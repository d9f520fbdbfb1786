import { gradientsOf } from '@funhash/autodiff';
import { ArgumentError, type Random, random } from '@funhash/hashing';
import { StagedBuffers } from '@funhash/layers';
import { openScope, type Shape, type Tensor } from '@funhash/tensor';
import { type Checkpoint, encodeCheckpoint, type Progress, specText } from './checkpoint.ts';
import { describeModel } from './describe-model.ts';
import { CheckpointError, DivergedError } from './errors.ts';
import { asTensor, evaluateArrays, type Metrics, onDevice } from './evaluate.ts';
import type { Arrays } from './examples.ts';
import type { FitEvent } from './fit-config.ts';
import type { BoundOptimizer, NumericArray } from './optimizer.ts';
import { assignValues, requireFit, valuesOf } from './parameter-values.ts';
import type { Plan } from './plan.ts';
import { differencesOf } from './run-description.ts';

type EventOf<M extends Metrics, T extends FitEvent['type']> = Extract<FitEvent<M>, { type: T }>;
type Values = ReadonlyMap<string, NumericArray>;

interface Gradients {
  readonly outputs: Shape;
  readonly loss: Tensor;
  readonly gradients: readonly Tensor[];
}

/** The state of a run between two steps, and the moves from one to the next. */
export class TrainingRun<M extends Metrics> {
  readonly #plan: Plan<M>;
  readonly #optimizer: BoundOptimizer;
  readonly #parameters: readonly Tensor[];
  readonly #passes: Random;
  #progress: Progress;
  #bestValues: Values = new Map();
  #isRestored = false;
  /** Whether all targets that are in memory fit outputs and loss. */
  #isFitting = false;

  private constructor(plan: Plan<M>, optimizer: BoundOptimizer) {
    this.#plan = plan;
    this.#optimizer = optimizer;
    this.#parameters = [...plan.parameters.values()].map(({ value }) => value);
    this.#passes = random(plan.seed).fork('pass');
    this.#progress = {
      seed: plan.seed,
      epoch: 0,
      stepInEpoch: 0,
      step: 0,
      lossSum: 0,
      exampleCount: 0,
      lastLoss: null,
      learningRate: 0,
      stepsPerEpoch: plan.source.stepsPerEpoch ?? null,
      best: null,
    };
  }

  static async start<M extends Metrics>(
    plan: Plan<M>,
    checkpoint: Checkpoint | undefined,
  ): Promise<TrainingRun<M>> {
    const run = new TrainingRun(plan, await plan.optimizer.create(plan.parameters, plan.length));
    try {
      if (checkpoint) run.#resume(checkpoint, specText(plan.model));
    } catch (error) {
      run.dispose();
      throw error;
    }
    return run;
  }

  #resume(checkpoint: Checkpoint, own: string | null): void {
    const { progress, parameters, optimizer, bestParameters } = checkpoint;
    const differences = this.#differencesTo(checkpoint, own);
    if (differences.length > 0)
      throw new CheckpointError(
        {
          operation: 'resume',
          expected: 'the run of the checkpoint',
          actual: `another: ${differences.join('; ')}`,
          remedy:
            'Only what does not decide the steps may change, such as epochs, metrics, reports and checkpoints.',
        },
        differences,
      );
    requireFit(this.#plan.values, parameters);
    if (bestParameters.size > 0) requireFit(this.#plan.values, bestParameters);
    this.#optimizer.restore(optimizer);
    assignValues(this.#plan.values, parameters);
    this.#progress = progress;
    this.#bestValues = bestParameters;
  }

  #differencesTo({ model, run, progress }: Checkpoint, own: string | null): string[] {
    const steps = run?.steps ?? undefined;
    return [
      ...(model === own ? [] : [`model: ${differenceOf(model, own)}`]),
      ...(['seed', 'stepsPerEpoch'] as const).flatMap((field) =>
        progress[field] === this.#progress[field]
          ? []
          : [
              `${field}: ${progress[field] ?? 'none'} in the checkpoint, ${this.#progress[field] ?? 'none'} here`,
            ],
      ),
      ...(run ? differencesOf(run.fields, this.#plan.describe(steps), steps) : []),
    ];
  }

  get epochsDone(): number {
    return this.#progress.epoch;
  }

  /** The epoch that events name: the one under way, or between two the last. */
  get epoch(): number {
    return this.#progress.epoch + (this.#progress.stepInEpoch > 0 ? 1 : 0);
  }

  get step(): number {
    return this.#progress.step;
  }

  /** Whether early stopping has lost patience. */
  get isStale(): boolean {
    const { best, epoch } = this.#progress;
    const { earlyStopping } = this.#plan;
    return earlyStopping !== undefined && best !== null && epoch - best.epoch >= earlyStopping.patience;
  }

  startEvent(): EventOf<M, 'start'> {
    const { epochs, length } = this.#plan;
    const storedCount = this.#parameters.reduce((sum, { size }) => sum + size, 0);
    return { type: 'start', epoch: this.epoch, step: this.step, epochs, steps: length.steps, storedCount };
  }

  /** Batches that are left of the epoch under way. */
  batches(): AsyncIterable<Arrays> {
    return this.#plan.source.epoch(this.#progress.epoch, this.#progress.stepInEpoch);
  }

  /**
   * One step: parameters, running statistics, the optimiser and the count of steps change together, or where anything
   * fails, none of them does.
   *
   * @throws DivergedError where the loss or a running statistic is not finite
   */
  async train(batch: Arrays): Promise<EventOf<M, 'step'>> {
    const learningRate = this.#optimizer.learningRate;
    const staged = new StagedBuffers();
    let found: Gradients | undefined;
    try {
      found = this.#gradients(batch, staged);
      const loss = (await found.loss.data())[0] as number;
      this.#requireFinite('loss', loss, learningRate);
      if (staged.contents.size > 0) await this.#requireFiniteBuffers(staged, learningRate);
      this.#optimizer.update(found.gradients);
      staged.commit();
      describeModel(this.#plan.model, batch, found.outputs);
      this.#advance(loss, batch.count, learningRate);
      return { type: 'step', epoch: this.epoch, step: this.step, loss, learningRate };
    } finally {
      staged.discard();
      found?.loss.dispose();
      for (const gradient of found?.gradients ?? []) gradient.dispose();
    }
  }

  #gradients(batch: Arrays, staged: StagedBuffers): Gradients {
    const { model, loss } = this.#plan;
    const close = openScope();
    let found: [Tensor, Tensor[]] | undefined;
    try {
      const [inputs, targets] = [onDevice(batch.inputs), onDevice(batch.targets)];
      const pass = { training: true, random: this.#passes.fork(this.#progress.step), staged };
      let outputs: Shape = [];
      found = gradientsOf(() => {
        const y = asTensor(model.forward(inputs, pass));
        outputs = y.shape;
        if (!this.#isFitting) this.#requireFitting(outputs, batch);
        return loss(y, targets);
      }, this.#parameters);
      return { outputs, loss: found[0], gradients: found[1] };
    } finally {
      close(found);
    }
  }

  // At the first batch: before, nobody knows what the model gives.
  #requireFitting(outputs: Shape, batch: Arrays): void {
    const { source, validation, requireTargets } = this.#plan;
    const { epoch, stepInEpoch } = this.#progress;
    if (source.all) requireTargets(outputs, source.all, 'data');
    else requireTargets(outputs, batch, `data(${epoch})[${stepInEpoch}]`);
    if (Array.isArray(validation)) for (const part of validation) requireTargets(outputs, part, 'validation');
    this.#isFitting = source.all !== undefined;
  }

  // A variance beyond f32 makes a finite loss.
  async #requireFiniteBuffers({ contents }: StagedBuffers, learningRate: number): Promise<void> {
    for (const [buffer, values] of contents) {
      const data = values.backend.host ? values.dataSync() : await values.data();
      const bad = notFinite(data);
      if (bad === undefined) continue;
      const [name = buffer.name] = [...this.#plan.values].find(([, own]) => own === buffer) ?? [];
      this.#requireFinite(`parameter ${name}`, bad, learningRate);
    }
  }

  #advance(loss: number, count: number, learningRate: number): void {
    const { stepInEpoch, step, lossSum, exampleCount } = this.#progress;
    this.#progress = {
      ...this.#progress,
      stepInEpoch: stepInEpoch + 1,
      step: step + 1,
      lossSum: lossSum + loss * count,
      exampleCount: exampleCount + count,
      lastLoss: loss,
      learningRate,
    };
  }

  /** Judges the model and closes the epoch. */
  async endEpoch(): Promise<Omit<EventOf<M, 'epoch'>, 'seconds'>> {
    const { model, loss, validation, metrics, requireTargets } = this.#plan;
    const { lossSum, exampleCount, epoch } = this.#progress;
    if (exampleCount === 0)
      throw new ArgumentError({
        operation: 'fit',
        expected: `batches in epoch ${epoch + 1}`,
        actual: 'none',
      });
    const values = await this.#finiteValues();
    // Those in memory were checked at the first batch.
    const fits = (outputs: Shape, part: Arrays): void => {
      if (!Array.isArray(validation)) requireTargets(outputs, part, 'validation');
    };
    const scores = validation && (await evaluateArrays(model, validation, { loss, metrics }, fits));
    if (scores)
      this.#requireFinite('validation loss', scores.loss, this.#progress.learningRate, this.#progress.step);
    this.#progress = { ...this.#progress, epoch: epoch + 1, stepInEpoch: 0, lossSum: 0, exampleCount: 0 };
    if (scores) this.#noteBest(scores, values);
    return {
      type: 'epoch',
      epoch: this.epoch,
      step: this.step,
      loss: lossSum / exampleCount,
      validation: scores,
      learningRate: this.#progress.learningRate,
    };
  }

  #noteBest(scores: Readonly<Record<string, number>>, values: Values): void {
    const { earlyStopping } = this.#plan;
    if (!earlyStopping) return;
    const { best, epoch } = this.#progress;
    const { metric, goal, restoreBest } = earlyStopping;
    const value = scores[metric] as number;
    const sign = goal === 'min' ? 1 : -1;
    if (best ? !(sign * value < sign * best.value) : Number.isNaN(value)) return;
    this.#progress = { ...this.#progress, best: { value, epoch } };
    if (restoreBest) this.#bestValues = values;
  }

  /** Takes the parameters of the best epoch, where early stopping kept them. */
  restoreBest(): void {
    if (this.#bestValues.size === 0) return;
    assignValues(this.#plan.values, this.#bestValues);
    this.#isRestored = true;
  }

  /** The epoch whose parameters the model has. */
  get keptEpoch(): number {
    const { best } = this.#progress;
    return this.#isRestored && best ? best.epoch : this.epoch;
  }

  stopEvent(): EventOf<M, 'earlyStop'> | undefined {
    const { best } = this.#progress;
    const { metric } = this.#plan.earlyStopping ?? {};
    if (!best || !metric) return undefined;
    return { type: 'earlyStop', epoch: this.epoch, metric, best: best.value, bestEpoch: best.epoch };
  }

  /** @throws DivergedError rather than save parameters that are not finite */
  async checkpoint(): Promise<Uint8Array> {
    const { steps } = this.#plan.length;
    return encodeCheckpoint({
      model: specText(this.#plan.model),
      run: { steps: steps ?? null, fields: this.#plan.describe(steps) },
      progress: this.#progress,
      parameters: await this.#finiteValues(),
      optimizer: await this.#optimizer.state(),
      bestParameters: this.#bestValues,
    });
  }

  async #finiteValues(): Promise<Values> {
    const values = await valuesOf(this.#plan.values);
    const { learningRate, step } = this.#progress;
    for (const [name, { data }] of values) {
      const bad = notFinite(data);
      if (bad !== undefined) this.#requireFinite(`parameter ${name}`, bad, learningRate, step);
    }
    return values;
  }

  /** @param at the step that is to blame. Default: the one under way */
  #requireFinite(what: string, value: number, learningRate: number, at = this.#progress.step + 1): void {
    if (Number.isFinite(value)) return;
    const { epoch, lastLoss } = this.#progress;
    throw new DivergedError({
      epoch: epoch + 1,
      step: at,
      what,
      value,
      lastLoss,
      learningRate,
    });
  }

  dispose(): void {
    this.#optimizer.dispose();
  }
}

/** The first value that is not finite. */
function notFinite(data: NumericArray['data']): number | undefined {
  for (let k = 0; k < data.length; k++) if (!Number.isFinite(data[k])) return data[k];
  return undefined;
}

/** The first place where two texts part. */
function differenceOf(wanted: string | null, given: string | null): string {
  if (wanted === null || given === null) return given === null ? 'one without a spec' : 'one with a spec';
  let at = 0;
  while (wanted[at] === given[at]) at++;
  const around = (text: string): string => text.slice(Math.max(0, at - 30), at + 20);
  return `…${around(given)}… instead of …${around(wanted)}…`;
}
