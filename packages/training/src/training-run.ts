import { add, gradientsOf, multiply, stopGradient } from '@funhash/autodiff';
import { type Random, random } from '@funhash/hashing';
import { type Pass, StagedBuffers } from '@funhash/layers';
import type { Parameter } from '@funhash/space';
import { openScope, type Shape, Tensor } from '@funhash/tensor';
import { type Checkpoint, encodeCheckpoint, specText } from './checkpoint.ts';
import { describeModel } from './describe-model.ts';
import { asTensor, evaluateArrays, type Metrics, onDevice } from './evaluate.ts';
import type { Arrays } from './examples.ts';
import { firstNumber, notFinite, notFiniteIn, sumOfAll } from './finite.ts';
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
} from './planned-steps.ts';
import { requireSameRun } from './resume.ts';
import { RunProgress } from './run-progress.ts';
import { WeightAverage } from './weight-average.ts';

type EventOf<M extends Metrics, T extends FitEvent['type']> = Extract<FitEvent<M>, { type: T }>;
type Values = ReadonlyMap<string, NumericArray>;

/** What one batch of a step gives, and the sums of gradients up to it. */
interface Gradients {
  readonly outputs: Shape;
  /** The loss, and with the first batch of a step the penalty. */
  readonly terms: readonly Tensor[];
  readonly gradients: readonly Tensor[];
  /** The sum of all that has to be finite besides the terms: one number to read, of the last batch of a step. */
  readonly checksum: Tensor | undefined;
}

/** A batch of a step. */
interface Part {
  readonly batch: Arrays;
  /** Its place in the step. */
  readonly place: number;
  /** Its share of the mean over the step. */
  readonly share: number;
  readonly isLast: boolean;
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
  readonly progress: RunProgress;
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
    this.progress = new RunProgress(settings);
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
    requireSameRun(checkpoint, { settings: this.#settings, progress: this.progress.now });
    requireFit(this.#settings.values, parameters);
    if (bestParameters.size > 0) requireFit(this.#settings.values, bestParameters);
    this.#average?.requireFit(average);
    this.#optimizer.restore(optimizer);
    this.#average?.restore(average);
    assignValues(this.#settings.values, parameters);
    this.progress.resume(progress);
    this.#bestValues = bestParameters;
  }

  startEvent(): EventOf<M, 'start'> {
    const { epochs, length, parameters } = this.#settings;
    const storedCount = [...parameters.values()].reduce((sum, { value }) => sum + value.size, 0);
    return { type: 'start', ...this.progress.place, epochs, steps: length.steps, storedCount };
  }

  /** Batches of the steps that are left of the epoch under way. */
  batches(): AsyncIterable<readonly Arrays[]> {
    return this.#settings.source.epoch(this.progress.now.epoch, this.progress.now.stepInEpoch);
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
    const recording = this.#planned?.recordingFor(first, this.#optimizer);
    const staged = new StagedBuffers();
    const weights = batches.map((batch) => this.#settings.weigh(batch));
    const whole = weights.reduce((sum, weight) => sum + weight, 0);
    let [loss, penalty, outputs]: [number, number | undefined, Shape] = [0, undefined, []];
    let gradients: readonly Tensor[] = [];
    try {
      for (const [place, batch] of batches.entries()) {
        if (place > 0) await pause();
        const isLast = place === batches.length - 1;
        const share = batches.length === 1 ? 1 : (weights[place] as number) / whole;
        const found = this.#gradients({ batch, place, share, isLast, recording }, gradients, staged);
        for (const sum of gradients) sum.dispose();
        gradients = found.gradients;
        if (place === 0) outputs = found.outputs;
        const [ofBatch, ofPenalty] = await this.#read(found, staged, learningRate);
        loss += share * ofBatch;
        penalty ??= ofPenalty;
      }
      this.#update(gradients, staged, recording);
      if (recording) this.#planned?.note(first, recording);
      this.#average?.move(this.progress.now.step + 1);
      describeModel(this.#settings.model, first, outputs);
      const count = batches.reduce((sum, batch) => sum + batch.count, 0);
      this.progress.advance({ loss, penalty, count, learningRate });
      return { type: 'step', ...this.progress.place, loss, penalty, learningRate };
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

  /**
   * The same step by its plan; undefined where a kernel refuses something or a number is not finite, which the step itself
   * says better: nothing that is stored has moved.
   */
  async #trainByPlan(
    planned: PlannedStep,
    batch: Arrays,
    learningRate: number,
  ): Promise<EventOf<M, 'step'> | undefined> {
    if (!this.#isFitting) this.#requireFitting(planned.outputs, batch, 0);
    const found = runGradients(planned, batch, () => this.#passes.fork(this.progress.now.step));
    const loss = typeof found === 'number' ? found : await found;
    if (loss === undefined) return undefined;
    runUpdate(planned, this.#optimizer.prepare?.() ?? []);
    this.#optimizer.advance?.();
    this.#average?.move(this.progress.now.step + 1);
    this.progress.advance({ loss, penalty: undefined, count: batch.count, learningRate });
    return { type: 'step', ...this.progress.place, loss, penalty: undefined, learningRate };
  }

  /** The numbers of what a batch gave: its loss, and the penalty. @throws DivergedError unless all is finite */
  async #read(
    { terms, gradients, checksum }: Gradients,
    staged: StagedBuffers,
    learningRate: number,
  ): Promise<[loss: number, penalty?: number]> {
    const numbers: number[] = [];
    try {
      for (const term of terms) {
        const value = await firstNumber(term);
        this.progress.requireFinite(numbers.length === 0 ? 'loss' : 'penalty', value, learningRate);
        numbers.push(value);
      }
      if (checksum && !Number.isFinite(await firstNumber(checksum))) {
        const found = await notFiniteIn(this.#checked(gradients, staged));
        // Else it is the sum alone that is beyond the range of the type.
        if (found) this.progress.requireFinite(found.name, found.value, learningRate);
      }
    } finally {
      for (const term of terms) term.dispose();
      checksum?.dispose();
    }
    return numbers as [number, number?];
  }

  #gradients(
    { batch, place, share, isLast, recording }: Part,
    sums: readonly Tensor[],
    staged: StagedBuffers,
  ): Gradients {
    const { model, loss, penalty, fixed } = this.#settings;
    const close = openScope();
    let kept: Tensor[] | undefined;
    try {
      const [inputs, targets] = [onDevice(batch.inputs), onDevice(batch.targets)];
      const ofStep = this.#passes.fork(this.progress.now.step);
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
      const checked = isLast ? [...this.#checked(gradients, staged).values()] : [];
      const checksum = checked.length > 0 ? sumOfAll(checked) : undefined;
      kept = [...terms, ...gradients, ...(checksum ? [checksum] : [])];
      recording?.found(terms[0] as Tensor, checksum, outputs);
      return { outputs, terms, gradients, checksum };
    } finally {
      recording?.pause();
      close(kept);
    }
  }

  /** What has to be finite before anything moves: a variance beyond f32 makes a finite loss. */
  #checked(gradients: readonly Tensor[], { contents }: StagedBuffers): ReadonlyMap<string, Tensor> {
    const { checkGradients, trained } = this.#settings;
    const names = [...trained.keys()];
    return new Map([
      ...[...contents].map(([buffer, values]) => [`parameter ${this.#nameOf(buffer)}`, values] as const),
      ...(checkGradients ? gradients : []).map(
        (gradient, k) => [`gradient of ${names[k]}`, gradient] as const,
      ),
    ]);
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
      step: this.progress.now.step,
      steps: length.steps,
    });
  }

  // At the first batch: before, nobody knows what the model gives.
  #requireFitting(outputs: Shape, batch: Arrays, place: number): void {
    const { source, validation, requireTargets, accumulate } = this.#settings;
    const { epoch, stepInEpoch } = this.progress.now;
    if (source.all) requireTargets(outputs, source.all, 'data');
    else requireTargets(outputs, batch, `data(${epoch})[${stepInEpoch * accumulate + place}]`);
    if (Array.isArray(validation)) for (const part of validation) requireTargets(outputs, part, 'validation');
    this.#isFitting = source.all !== undefined;
  }

  /** Judges the model and closes the epoch. */
  async endEpoch(): Promise<Omit<EventOf<M, 'epoch'>, 'seconds'>> {
    const { model, loss, validation, metrics, penalty, average, earlyStopping, requireTargets } =
      this.#settings;
    this.progress.requireExamples();
    const values = await this.#finiteValues();
    // Those in memory were checked at the first batch.
    const fits = (outputs: Shape, part: Arrays): void => {
      if (!Array.isArray(validation)) requireTargets(outputs, part, 'validation');
    };
    const judge = async () => validation && evaluateArrays(model, validation, { loss, metrics }, fits);
    const scores = await (average?.validate && this.#average ? this.#average.judged(judge) : judge());
    const { learningRate } = this.progress.now;
    if (scores)
      this.progress.requireFinite('validation loss', scores.loss, learningRate, this.progress.now.step);
    const means = this.progress.closeEpoch();
    if (scores && this.progress.noteScores(scores) && earlyStopping?.restoreBest)
      this.#bestValues = average?.keep ? await this.#averaged(values) : values;
    return {
      type: 'epoch',
      ...this.progress.place,
      loss: means.loss,
      penalty: penalty && means.penalty,
      validation: scores,
      learningRate,
    };
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
    const { best } = this.progress.now;
    return this.#isRestored && best ? best.epoch : this.progress.epoch;
  }

  /** @throws DivergedError rather than save parameters that are not finite */
  async checkpoint(): Promise<Uint8Array> {
    const { steps } = this.#settings.length;
    return encodeCheckpoint({
      model: specText(this.#settings.model),
      run: { steps: steps ?? null, fields: this.#settings.describe(steps) },
      progress: this.progress.now,
      parameters: await this.#finiteValues(),
      optimizer: await this.#optimizer.state(),
      bestParameters: this.#bestValues,
      average: (await this.#average?.values()) ?? new Map(),
    });
  }

  async #finiteValues(): Promise<Values> {
    const values = await valuesOf(this.#settings.values);
    const { learningRate, step } = this.progress.now;
    for (const [name, { data }] of values) {
      const bad = notFinite(data);
      if (bad !== undefined) this.progress.requireFinite(`parameter ${name}`, bad, learningRate, step);
    }
    return values;
  }

  dispose(): void {
    this.#planned?.dispose();
    this.#optimizer.dispose();
    this.#average?.dispose();
  }
}
