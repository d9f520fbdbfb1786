import { option, type Random, random } from '@funhash/hashing';
import type { Samples } from '../dataset.ts';
import { countRules, defineDataset, seedRule } from '../define-dataset.ts';

/**
 * The adding problem: sequences of pairs, a value and a marker; the target is the sum of the two values that are marked.
 * What a network remembers over so many steps decides how far it gets below the error of the constant answer 1, 1/6.
 *
 * Source: Hochreiter and Schmidhuber 1997, "Long short-term memory", experiment 4, in the form of Arjovsky, Shah and Bengio
 * 2016, arXiv:1511.06464: values uniform in [0, 1), one marker in each half of the sequence, all of one length.
 * Inputs `[N, length, 2]`, targets `[N, 1]`. A seed decides every sequence, on every engine; the first n of a split do not
 * depend on how many are drawn.
 */
export const addingProblem = /* @__PURE__ */ defineDataset({
  name: 'adding-problem',
  options: {
    /** Steps of a sequence. Default 100. */
    length: option.integer({ least: 2, most: 2 ** 16 }),
    /** Training sequences. Default 10 000. */
    trainCount: countRules.trainCount,
    /** Test sequences. Default 1000. */
    testCount: countRules.testCount,
    /** Decides every sequence. Default 0. */
    seed: seedRule(),
  },
  isDrawn: true,
  holdsImages: false,
  load: async ({ length = 100, trainCount = 10_000, testCount = 1000, seed = 0 }) => {
    const root = random(seed).fork('adding-problem');
    return {
      name: 'adding-problem',
      description: `sums of two marked values in sequences of ${length}, drawn by seed ${seed}`,
      inputShape: [length, 2],
      dtype: 'f32',
      targetShape: [1],
      train: draw(trainCount, length, root.fork('train')),
      test: draw(testCount, length, root.fork('test')),
    };
  },
});

function draw(count: number, length: number, draws: Random): Samples {
  const inputs = new Float32Array(count * length * 2);
  const targets = new Float32Array(count);
  const half = Math.floor(length / 2);
  for (let i = 0; i < count; i++) {
    const sequence = inputs.subarray(i * length * 2, (i + 1) * length * 2);
    for (let t = 0; t < length; t++) sequence[2 * t] = draws.uniform();
    for (const t of [draws.integer(half), half + draws.integer(length - half)]) {
      sequence[2 * t + 1] = 1;
      targets[i] = (targets[i] as number) + (sequence[2 * t] as number);
    }
  }
  return { count, inputs, targets };
}
