import type { Dataset, Samples } from '@funhash/datasets';
import { FunhashError } from '@funhash/hashing';
import { type Module, scope, tensor } from '@funhash/layers';
import {
  errorRate,
  evaluate,
  type Loss,
  type Metric,
  meanAbsoluteError,
  predict,
  r2,
  rootMeanSquaredError,
} from '@funhash/training';
import type { JudgeSpec } from '../spec/run-spec.ts';
import { influenceOf } from './influence.ts';
import type { CalibrationBin, Mistake, NumberAnswer, RunResult } from './run-event.ts';

type Judgement = Pick<
  RunResult,
  | 'testError'
  | 'testLoss'
  | 'numbers'
  | 'influence'
  | 'confusion'
  | 'calibration'
  | 'answers'
  | 'mistakes'
  | 'units'
>;

/** Most answers that a report shows as points. */
const mostAnswers = 2000;

/** The error by which nets for a data set are chosen: of classes the wrong answers, of numbers what is not explained. */
export const errorOf = ({ classes }: Pick<Dataset, 'classes'>): Metric =>
  classes === undefined ? (outputs, targets) => 1 - r2(outputs, targets) : errorRate;

/** A net on test samples. */
export async function judge(
  net: Module,
  data: Pick<Dataset, 'classes' | 'targetScale' | 'inputShape' | 'transformation' | 'test'>,
  loss: Loss,
  spec: JudgeSpec,
): Promise<Judgement> {
  const { test } = data;
  const isOfClasses = data.classes !== undefined;
  const { loss: testLoss, errorRate: testError } = await evaluate(net, test, {
    loss,
    metrics: { errorRate: errorOf(data) },
  });
  const isAsked = spec.mistakes > 0 || spec.confusion;
  const errorOn = async (model: Module, samples: Samples): Promise<number> => {
    const { errorRate } = await evaluate(model, samples, { loss, metrics: { errorRate: errorOf(data) } });
    return errorRate;
  };
  const influence = spec.influence ? await influenceOf(net, data, errorOn) : [];
  return {
    testError,
    testLoss,
    ...(influence.length > 0 && { influence }),
    ...(isOfClasses ? isAsked && (await answersOf(net, test, spec)) : await numbersOf(net, data, spec)),
    ...(spec.units > 0 && { units: await unitsOf(net, test.inputs.length / test.count, spec.units) }),
  };
}

/** How far the numbers of a net are off, in the unit of the data. */
async function numbersOf(
  net: Module,
  { test, targetScale: [zero, one] = [0, 1] }: Pick<Dataset, 'targetScale' | 'test'>,
  spec: JudgeSpec,
): Promise<Judgement> {
  const { inputs, count, targets = new Float32Array(count) } = test;
  const outputs = await predict(net, inputs, { count });
  const inUnits = (value: number): number => zero + (one - zero) * value;
  const wanted = { shape: outputs.shape, data: targets };
  const numbers = {
    rootMeanSquared: Math.abs(one - zero) * rootMeanSquaredError(outputs, wanted),
    meanAbsolute: Math.abs(one - zero) * meanAbsoluteError(outputs, wanted),
    r2: r2(outputs, wanted),
  };
  const perSample = targets.length / count;
  const answers: NumberAnswer[] = [];
  if (spec.confusion && perSample === 1)
    for (let index = 0; index < Math.min(count, mostAnswers); index++)
      answers.push({
        index,
        target: inUnits(targets[index] as number),
        output: inUnits(outputs.data[index] as number),
      });
  return { numbers, ...(answers.length > 0 && { answers }) };
}

const bins = 10;

/** What a net says of each test sample: counts by class, and what it gets wrong, with the most confidence first. */
async function answersOf(
  net: Module,
  { inputs, labels, count }: Samples,
  spec: JudgeSpec,
): Promise<Pick<RunResult, 'confusion' | 'calibration' | 'mistakes'>> {
  const outputs = await predict(net, inputs, { count });
  const classes = outputs.shape[1] as number;
  const mistakes: Mistake[] = [];
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  const sums = Array.from({ length: bins }, () => ({ count: 0, probability: 0, right: 0 }));
  for (let index = 0; index < count; index++) {
    const scores: ArrayLike<number> = outputs.data.subarray(index * classes, (index + 1) * classes);
    const predicted = indexOfMost(scores);
    const label = labels?.[index] as number;
    const row = confusion[label];
    if (row) row[predicted] = (row[predicted] as number) + 1;
    const best = scores[predicted] as number;
    const probability = 1 / sumOf(scores, (score) => Math.exp(score - best));
    const bin = sums[Math.min(bins - 1, Math.floor(bins * probability))];
    if (bin) {
      bin.count++;
      bin.probability += probability;
      bin.right += Number(predicted === label);
    }
    if (predicted !== label) mistakes.push({ index, label, predicted, probability });
  }
  mistakes.sort((a, b) => b.probability - a.probability || a.index - b.index);
  const calibration = sums.map(
    (bin): CalibrationBin => ({
      count: bin.count,
      probability: bin.count === 0 ? 0 : bin.probability / bin.count,
      right: bin.count === 0 ? 0 : bin.right / bin.count,
    }),
  );
  return {
    ...(spec.confusion && { confusion, calibration }),
    ...(spec.mistakes > 0 && { mistakes: mistakes.slice(0, spec.mistakes) }),
  };
}

function indexOfMost(scores: ArrayLike<number>): number {
  let at = 0;
  for (let k = 1; k < scores.length; k++) if ((scores[k] as number) > (scores[at] as number)) at = k;
  return at;
}

function sumOf(scores: ArrayLike<number>, term: (score: number) => number): number {
  let sum = 0;
  for (let k = 0; k < scores.length; k++) sum += term(scores[k] as number);
  return sum;
}

/** Rows of the first virtual matrix, where each of them has a value for each of the inputs. */
async function unitsOf(net: Module, inputs: number, most: number): Promise<number[][]> {
  const [weight] = net.weights().values();
  if (weight?.cols !== inputs) return [];
  const count = Math.min(most, weight.rows);
  const rows = scope(() => weight.rowsAt(tensor(Int32Array.from({ length: count }, (_, k) => k))));
  const values = Array.from(await rows.data());
  rows.dispose();
  return Array.from({ length: count }, (_, k) => values.slice(k * inputs, (k + 1) * inputs));
}

/**
 * How long a model and its packed form take for the test images.
 *
 * @throws FunhashError where an output differs: a fault of the packing, not of what was asked
 */
export async function comparePacked(
  net: Module,
  packed: Module,
  { inputs, count }: Samples,
): Promise<NonNullable<RunResult['packed']>> {
  const outputs = async (model: Module) => {
    // Compiles what it needs.
    await predict(model, inputs.subarray(0, inputs.length / count), { count: 1 });
    const begun = performance.now();
    const y = await predict(model, inputs, { count });
    return { y, elapsedMs: performance.now() - begun };
  };
  const [before, after] = [await outputs(net), await outputs(packed)];
  const wrong = after.y.data.findIndex((value, k) => !Object.is(value, before.y.data[k]));
  if (wrong >= 0)
    throw new FunhashError({
      operation: 'binarize',
      expected: `the output ${before.y.data[wrong]} at ${wrong}`,
      actual: String(after.y.data[wrong]),
      remedy: 'Nothing was written.',
    });
  return { modelMs: before.elapsedMs, packedMs: after.elapsedMs };
}
