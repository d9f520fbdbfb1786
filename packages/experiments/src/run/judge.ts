import type { Split } from '@funhash/datasets';
import { FunhashError } from '@funhash/hashing';
import { type Module, scope, tensor } from '@funhash/layers';
import { errorRate, evaluate, type Loss, predict } from '@funhash/training';
import type { JudgeSpec } from '../spec/run-spec.ts';
import type { Mistake, RunResult } from './run-event.ts';

type Judgement = Pick<RunResult, 'testError' | 'testLoss' | 'confusion' | 'mistakes' | 'units'>;

/** A net on test images. */
export async function judge(net: Module, test: Split, loss: Loss, spec: JudgeSpec): Promise<Judgement> {
  const { loss: testLoss, errorRate: testError } = await evaluate(net, test, {
    loss,
    metrics: { errorRate },
  });
  return {
    testError,
    testLoss,
    ...((spec.mistakes > 0 || spec.confusion) && (await answersOf(net, test, spec))),
    ...(spec.units > 0 && { units: await unitsOf(net, test.inputs.length / test.count, spec.units) }),
  };
}

/** What a net says of each test image: counts by class, and what it gets wrong, with the most confidence first. */
async function answersOf(
  net: Module,
  { inputs, labels, count }: Split,
  spec: JudgeSpec,
): Promise<Pick<RunResult, 'confusion' | 'mistakes'>> {
  const outputs = await predict(net, inputs, { count });
  const classes = outputs.shape[1] as number;
  const mistakes: Mistake[] = [];
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let index = 0; index < count; index++) {
    const scores: ArrayLike<number> = outputs.data.subarray(index * classes, (index + 1) * classes);
    const predicted = indexOfMost(scores);
    const label = labels[index] as number;
    const row = confusion[label];
    if (row) row[predicted] = (row[predicted] as number) + 1;
    if (predicted === label) continue;
    const best = scores[predicted] as number;
    const probability = 1 / sumOf(scores, (score) => Math.exp(score - best));
    mistakes.push({ index, label, predicted, probability });
  }
  mistakes.sort((a, b) => b.probability - a.probability || a.index - b.index);
  return {
    ...(spec.confusion && { confusion }),
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
  { inputs, count }: Split,
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
