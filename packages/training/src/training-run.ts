import { add, gradientsOf, multiply, stopGradient } from '@funhash/autodiff';
import { ArgumentError, type Random, random } from '@funhash/hashing';
import { type Pass, StagedBuffers } from '@funhash/layers';
import type { Parameter } from '@funhash/space';
import { openScope, type Shape, Tensor } from '@funhash/tensor';
import { type Checkpoint, encodeCheckpoint, type Progress, specText } from './checkpoint.ts';
import { describeModel } from './describe-model.ts';
import { DivergedError } from './errors.ts';
import { asTensor, evaluateArrays, type Metrics, onDevice } from './evaluate.ts';
import type { Arrays } from './examples.ts';
import { notFinite, notFiniteIn } from './finite.ts';
import type { FitEvent } from './fit-config.ts';
import type { FitSettings } from './fit-settings.ts';
import type { BoundOptimizer, NumericArray } from './optimizer.ts';
import { assignValues, requireFit, valuesOf } from './parameter-values.ts';
import { type Penalty, penaltyLoss } from './penalty.ts';
import {
  type PlannedStep,
  PlannedSteps,
  runGradients,
  runUpdate,
  type StepRecording,
  stagedValues,
} from './planned-steps.ts';
import { requireSameRun } from './resume.ts';
import { WeightAverage } from './weight-average.ts';

type EventOf<M extends Metrics, T extends FitEvent['type']> = Extract<FitEvent<M>, { type: T }>;
type Values = ReadonlyMap<string, NumericArray>;

/** What one batch of a step gives, and the sums of gradients up to it. */
interface Gradients {
  readonly outputs: Shape;
  /** The loss, and with the first batch of a step the penalty. */
  readonly terms: readonly Tensor[];
  readonly gradients: readonly Tensor[];
}

/** What a step came to. */
interface Advance {
  readonly loss: number;
  readonly penalty: number | undefined;
  /** Examples. */
  readonly count: number;
  readonly learningRate: number;
}

/** A batch of a step. */
interface Part {
  readonly batch: Arrays;
  /** Its place in the step. */
  readonly place: number;
  /** Its share of the mean over the step. */
  readonly share: number;
  readonly recording: StepRecording | undefined;
}

/** The state of a run between two steps, and the moves from one to the next. */
export class TrainingRun<M extends Metrics> {
  readonly #settings: FitSettings<M>;
  readonly #optimizer: BoundOptimizer;
  readonly #parameters: readonly Tensor[];
  readonly #passes: Random;
  readonly #average: WeightAverage | undefined;
  readonly #planned: PlannedSteps | undefined;
  #progress: { -readonly [K in keyof Progress]: Progress[K] };
  #bestValues: Values = new Map();
  #isRestored = false;
  /** Whether all targets that are in memory fit outputs and loss. */
  #isFitting = false;

  private constructor(settings: FitSettings<M>, optimizer: BoundOptimizer) {
    this.#settings = settings;
    this.#optimizer = optimizer;
    this.#parameters = [...settings.trained.values()].map(({ value }) => value);
    this.#average = settings.average && new WeightAverage(settings.moving, settings.average);
    this.#passes = random(settings.seed).fork('pass');
    this.#planned = settings.plansSteps && optimizer.prepare ? new PlannedSteps() : undefined;
    this.#progress = {
      seed: settings.seed,
      epoch: 0,
      stepInEpoch: 0,
      step: 0,
      lossSum: 0,
      penaltySum: 0,
      exampleCount: 0,
      lastLoss: null,
      learningRate: 0,
      stepsPerEpoch: settings.source.stepsPerEpoch ?? null,
      best: null,
    };
  }

  static async start<M extends Metrics>(
    settings: FitSettings<M>,
    checkpoint: Checkpoint | undefined,
  ): Promise<TrainingRun<M>> {
    const run = new TrainingRun(settings, await settings.optimizer.create(settings.trained, settings.length));
    try {
      if (checkpoint) run.#resume(checkpoint);
    } catch (error) {
      run.dispose();
      throw error;
    }
    return run;
  }

  #resume(checkpoint: Checkpoint): void {
    const { progress, parameters, optimizer, bestParameters, average } = checkpoint;
    requireSameRun(checkpoint, { settings: this.#settings, progress: this.#progress });
    requireFit(this.#settings.values, parameters);
    if (bestParameters.size > 0) requireFit(this.#settings.values, bestParameters);
    this.#average?.requireFit(average);
    this.#optimizer.restore(optimizer);
    this.#average?.restore(average);
    assignValues(this.#settings.values, parameters);
    this.#progress = { ...progress };
    this.#bestValues = bestParameters;
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
    const { earlyStopping } = this.#settings;
    return earlyStopping !== undefined && best !== null && epoch - best.epoch >= earlyStopping.patience;
  }

  startEvent(): EventOf<M, 'start'> {
    const { epochs, length, parameters } = this.#settings;
    const storedCount = [...parameters.values()].reduce((sum, { value }) => sum + value.size, 0);
    return { type: 'start', epoch: this.epoch, step: this.step, epochs, steps: length.steps, storedCount };
  }

  /** Batches of the steps that are left of the epoch under way. */
  batches(): AsyncIterable<readonly Arrays[]> {
    return this.#settings.source.epoch(this.#progress.epoch, this.#progress.stepInEpoch);
  }

  /**
   * One step: parameters, running statistics, the optimiser and the count of steps change together, or where anything
   * fails, none of them does.
   *
   * @param batches whose gradients make the step, each weighted by its examples
   * @param pause awaited between batches
   * @throws DivergedError where the loss, the penalty or a running statistic is not finite
   */
  async train(
    batches: readonly Arrays[],
    pause: () => Promise<void> | undefined,
  ): Promise<EventOf<M, 'step'>> {
    const learningRate = this.#optimizer.learningRate;
    const [first] = batches as [Arrays, ...Arrays[]];
    const planned = this.#planned?.planFor(first);
    if (planned) {
      const event = await this.#trainByPlan(planned, first, learningRate);
      if (event) return event;
    }
    const recording = this.#planned?.recordingFor(first, this.#optimizer.prepare?.() ?? []);
    const staged = new StagedBuffers();
    const weights = batches.map((batch) => this.#settings.weigh(batch));
    const whole = weights.reduce((sum, weight) => sum + weight, 0);
    let [loss, penalty, outputs]: [number, number | undefined, Shape] = [0, undefined, []];
    let gradients: readonly Tensor[] = [];
    try {
      for (const [place, batch] of batches.entries()) {
        if (place > 0) await pause();
        const share = batches.length === 1 ? 1 : (weights[place] as number) / whole;
        const found = this.#gradients({ batch, place, share, recording }, gradients, staged);
        for (const sum of gradients) sum.dispose();
        gradients = found.gradients;
        if (place === 0) outputs = found.outputs;
        const [ofBatch, ofPenalty] = await this.#read(found.terms, learningRate);
        loss += share * ofBatch;
        penalty ??= ofPenalty;
      }
      if (staged.contents.size > 0) await this.#requireFiniteBuffers(staged, learningRate);
      if (this.#settings.checkGradients) await this.#requireFiniteGradients(gradients, learningRate);
      this.#update(gradients, staged, recording);
      if (recording) this.#planned?.note(first, recording);
      this.#average?.move(this.step + 1);
      describeModel(this.#settings.model, first, outputs);
      const count = batches.reduce((sum, batch) => sum + batch.count, 0);
      this.#advance({ loss, penalty, count, learningRate });
      return { type: 'step', epoch: this.epoch, step: this.step, loss, penalty, learningRate };
    } finally {
      staged.discard();
      for (const gradient of gradients) gradient.dispose();
    }
  }

  #update(gradients: readonly Tensor[], staged: StagedBuffers, recording: StepRecording | undefined): void {
    recording?.resume();
    try {
      this.#optimizer.update(gradients);
      staged.commit();
    } finally {
      recording?.pause();
    }
  }

  /** The same step by its plan; undefined where a kernel refuses something, which the step itself says better. */
  async #trainByPlan(
    planned: PlannedStep,
    batch: Arrays,
    learningRate: number,
  ): Promise<EventOf<M, 'step'> | undefined> {
    if (!this.#isFitting) this.#requireFitting(planned.outputs, batch, 0);
    const found = runGradients(planned, batch, () => this.#passes.fork(this.#progress.step));
    if (found === undefined) return undefined;
    const loss = typeof found === 'number' ? found : await found;
    this.#requireFinite('loss', loss, learningRate);
    for (const name of planned.staged) {
      const bad = notFinite(await stagedValues(planned, name));
      if (bad !== undefined) this.#requireFinite(`parameter ${name}`, bad, learningRate);
    }
    runUpdate(planned, this.#optimizer.prepare?.() ?? []);
    this.#optimizer.advance?.();
    this.#average?.move(this.step + 1);
    this.#advance({ loss, penalty: undefined, count: batch.count, learningRate });
    return { type: 'step', epoch: this.epoch, step: this.step, loss, penalty: undefined, learningRate };
  }

  /** The numbers of what a batch gave: its loss, and the penalty. */
  async #read(terms: readonly Tensor[], learningRate: number): Promise<[loss: number, penalty?: number]> {
    const numbers: number[] = [];
    try {
      for (const term of terms) {
        const value = (await term.data())[0] as number;
        this.#requireFinite(numbers.length === 0 ? 'loss' : 'penalty', value, learningRate);
        numbers.push(value);
      }
    } finally {
      for (const term of terms) term.dispose();
    }
    return numbers as [number, number?];
  }

  #gradients(
    { batch, place, share, recording }: Part,
    sums: readonly Tensor[],
    staged: StagedBuffers,
  ): Gradients {
    const { model, loss, penalty, fixed } = this.#settings;
    const close = openScope();
    let kept: Tensor[] | undefined;
    try {
      const [inputs, targets] = [onDevice(batch.inputs), onDevice(batch.targets)];
      const ofStep = this.#passes.fork(this.#progress.step);
      const own = place === 0 ? ofStep : ofStep.fork(place);
      const random = recording?.begin(inputs, targets, own) ?? own;
      const pass = { training: true, random, staged, ...(fixed.size > 0 && { fixed }) };
      let outputs: Shape = [];
      let terms: readonly Tensor[] = [];
      const [, gradientsOfBatch] = gradientsOf(() => {
        const y = asTensor(model.forward(inputs, pass));
        outputs = y.shape;
        if (!this.#isFitting) this.#requireFitting(outputs, batch, place);
        const ofBatch = loss(y, targets);
        // What is no tensor is told of by the tape.
        if (!(ofBatch instanceof Tensor)) return ofBatch;
        const scaled = share === 1 ? ofBatch : multiply(ofBatch, share);
        // Views: a loss may be a tensor that somebody keeps.
        if (!penalty || place > 0) {
          terms = [stopGradient(ofBatch)];
          return scaled;
        }
        const ofPenalty = this.#penalty(penalty, pass);
        terms = [ofBatch, ofPenalty].map(stopGradient);
        return add(scaled, ofPenalty);
      }, this.#parameters);
      const gradients =
        place === 0
          ? gradientsOfBatch
          : gradientsOfBatch.map((gradient, k) => add(sums[k] as Tensor, gradient));
      kept = [...terms, ...gradients];
      recording?.found(terms[0] as Tensor, outputs, this.#named(staged));
      return { outputs, terms, gradients };
    } finally {
      recording?.pause();
      close(kept);
    }
  }

  #named({ contents }: StagedBuffers): ReadonlyMap<string, Tensor> {
    return new Map([...contents].map(([buffer, values]) => [this.#nameOf(buffer), values]));
  }

  #nameOf(buffer: Parameter): string {
    return [...this.#settings.values].find(([, own]) => own === buffer)?.[0] ?? buffer.name;
  }

  #penalty(penalty: Penalty, pass: Pass): Tensor {
    const { parameters, length } = this.#settings;
    return penaltyLoss(penalty, {
      ...pass,
      random: pass.random.fork('penalty'),
      parameters: new Map([...parameters].map(([name, { value }]) => [name, value])),
      step: this.#progress.step,
      steps: length.steps,
    });
  }

  // At the first batch: before, nobody knows what the model gives.
  #requireFitting(outputs: Shape, batch: Arrays, place: number): void {
    const { source, validation, requireTargets, accumulate } = this.#settings;
    const { epoch, stepInEpoch } = this.#progress;
    if (source.all) requireTargets(outputs, source.all, 'data');
    else requireTargets(outputs, batch, `data(${epoch})[${stepInEpoch * accumulate + place}]`);
    if (Array.isArray(validation)) for (const part of validation) requireTargets(outputs, part, 'validation');
    this.#isFitting = source.all !== undefined;
  }

  async #requireFiniteGradients(gradients: readonly Tensor[], learningRate: number): Promise<void> {
    const found = await notFiniteIn(gradients);
    if (!found) return;
    const name = [...this.#settings.trained.keys()][found.place];
    this.#requireFinite(`gradient of ${name}`, found.value, learningRate);
  }

  // A variance beyond f32 makes a finite loss.
  async #requireFiniteBuffers({ contents }: StagedBuffers, learningRate: number): Promise<void> {
    for (const [buffer, values] of contents) {
      const data = values.backend.host ? values.dataSync() : await values.data();
      const bad = notFinite(data);
      if (bad === undefined) continue;
      this.#requireFinite(`parameter ${this.#nameOf(buffer)}`, bad, learningRate);
    }
  }

  // In place: a small step takes no longer than a copy of its progress.
  #advance({ loss, penalty = 0, count, learningRate }: Advance): void {
    const progress = this.#progress;
    progress.stepInEpoch++;
    progress.step++;
    progress.lossSum += loss * count;
    progress.penaltySum += penalty * count;
    progress.exampleCount += count;
    progress.lastLoss = loss;
    progress.learningRate = learningRate;
  }

  /** Judges the model and closes the epoch. */
  async endEpoch(): Promise<Omit<EventOf<M, 'epoch'>, 'seconds'>> {
    const { model, loss, validation, metrics, penalty, average, requireTargets } = this.#settings;
    const { lossSum, penaltySum, exampleCount, epoch } = this.#progress;
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
    const judge = async () => validation && evaluateArrays(model, validation, { loss, metrics }, fits);
    const scores = await (average?.validate && this.#average ? this.#average.judged(judge) : judge());
    if (scores)
      this.#requireFinite('validation loss', scores.loss, this.#progress.learningRate, this.#progress.step);
    this.#progress = {
      ...this.#progress,
      epoch: epoch + 1,
      stepInEpoch: 0,
      lossSum: 0,
      penaltySum: 0,
      exampleCount: 0,
    };
    if (scores) this.#noteBest(scores, average?.keep ? await this.#averaged(values) : values);
    return {
      type: 'epoch',
      epoch: this.epoch,
      step: this.step,
      loss: lossSum / exampleCount,
      penalty: penalty && penaltySum / exampleCount,
      validation: scores,
      learningRate: this.#progress.learningRate,
    };
  }

  #noteBest(scores: Readonly<Record<string, number>>, values: Values): void {
    const { earlyStopping } = this.#settings;
    if (!earlyStopping) return;
    const { best, epoch } = this.#progress;
    const { metric, goal, restoreBest } = earlyStopping;
    const value = scores[metric] as number;
    const sign = goal === 'min' ? 1 : -1;
    if (best ? !(sign * value < sign * best.value) : Number.isNaN(value)) return;
    this.#progress = { ...this.#progress, best: { value, epoch } };
    if (restoreBest) this.#bestValues = values;
  }

  /** The values of a run with their averages in the place of those that have one. */
  async #averaged(values: Values): Promise<Values> {
    return new Map([...values, ...((await this.#average?.values()) ?? [])]);
  }

  /** Takes the parameters of the best epoch where early stopping kept them, else the average where it is to be kept. */
  settle(): void {
    if (this.#bestValues.size === 0) {
      if (this.#settings.average?.keep) this.#average?.keep();
      return;
    }
    assignValues(this.#settings.values, this.#bestValues);
    this.#isRestored = true;
  }

  /** The epoch whose parameters the model has. */
  get keptEpoch(): number {
    const { best } = this.#progress;
    return this.#isRestored && best ? best.epoch : this.epoch;
  }

  stopEvent(): EventOf<M, 'earlyStop'> | undefined {
    const { best } = this.#progress;
    const { metric } = this.#settings.earlyStopping ?? {};
    if (!best || !metric) return undefined;
    return { type: 'earlyStop', epoch: this.epoch, metric, best: best.value, bestEpoch: best.epoch };
  }

  /** @throws DivergedError rather than save parameters that are not finite */
  async checkpoint(): Promise<Uint8Array> {
    const { steps } = this.#settings.length;
    return encodeCheckpoint({
      model: specText(this.#settings.model),
      run: { steps: steps ?? null, fields: this.#settings.describe(steps) },
      progress: this.#progress,
      parameters: await this.#finiteValues(),
      optimizer: await this.#optimizer.state(),
      bestParameters: this.#bestValues,
      average: (await this.#average?.values()) ?? new Map(),
    });
  }

  async #finiteValues(): Promise<Values> {
    const values = await valuesOf(this.#settings.values);
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
    this.#planned?.dispose();
    this.#optimizer.dispose();
    this.#average?.dispose();
  }
}
