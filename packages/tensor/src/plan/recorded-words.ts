import type { Random } from '@funhash/hashing';
import { recorder } from '../recorder.ts';

/**
 * A source of random words for a body that is recorded, and the list of what was drawn, for `PlanOptions.words`. The words
 * are those of `source`; everything but words, such as `normal` or a fork, is decided where no plan sees it.
 */
export function recordedWords(source: Random): {
  readonly random: Random;
  readonly words: readonly number[];
} {
  const words: number[] = [];
  const unplanned =
    <A extends readonly unknown[], R>(name: string, draw: (...args: A) => R) =>
    (...args: A): R => {
      recorder?.onBreak(`random.${name}`, 'numbers that are drawn outside of kernels');
      return draw(...args);
    };
  const random: Random = {
    uint32: () => {
      const word = source.uint32();
      words.push(word);
      return word;
    },
    uniform: unplanned('uniform', () => source.uniform()),
    normal: unplanned('normal', () => source.normal()),
    integer: unplanned('integer', (n: number) => source.integer(n)),
    permutation: unplanned('permutation', (n: number) => source.permutation(n)),
    shuffle: (array) => unplanned('shuffle', () => source.shuffle(array))(),
    fillUniform: (out, low, high) => unplanned('fillUniform', () => source.fillUniform(out, low, high))(),
    fillNormal: (out, mean, std) => unplanned('fillNormal', () => source.fillNormal(out, mean, std))(),
    fork: unplanned('fork', (label: Parameters<Random['fork']>[0]) => source.fork(label)),
    get state() {
      return unplanned('state', () => source.state)();
    },
  };
  return { random, words };
}
