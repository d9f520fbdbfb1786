import { ArgumentError } from '@funhash/hashing';
import { Dense, type Model, Sequential } from '@funhash/layers';
import { expect, test } from 'vitest';
import { evaluate } from './evaluate.ts';
import type { Examples } from './examples.ts';
import { fit } from './fit.ts';
import type { FitConfig } from './fit-config.ts';
import { bitsOf } from './fit-runs.spec-kit.ts';
import {
  binaryCrossEntropyWithLogits,
  huber,
  type Loss,
  meanSquaredError,
  softmaxCrossEntropy,
  squaredHinge,
} from './losses.ts';

/** Losses are chosen only where data leave no doubt, and refused where data surely are not for them. */

const inputs = [[0], [1], [2], [3]];
const net = (out: number): Sequential => new Sequential([new Dense({ in: 1, out })], { seed: 1 });
const oneHot = [
  [1, 0],
  [0, 1],
  [1, 0],
  [0, 1],
];

interface Case {
  readonly out: number;
  readonly data: Partial<Examples>;
  readonly loss?: Loss;
  readonly config?: Partial<FitConfig>;
}

const right: Readonly<Record<string, Case>> = {
  'labels and an output for each class': { out: 2, data: { labels: [0, 1, 1, 0] } },
  'fewer classes than outputs': { out: 5, data: { labels: [0, 1, 1, 0] } },
  'one-hot rows': { out: 2, data: { targets: oneHot } },
  probabilities: {
    out: 3,
    data: {
      targets: [
        [0.5, 0.25, 0.25],
        [0.33, 0.33, 0.33],
        [1, 0, 0],
        [0, 0.1, 0.9],
      ],
    },
  },
  'labels and smoothing': {
    out: 2,
    data: { labels: [0, 1, 1, 0] },
    config: { labelSmoothing: 0.1, classWeights: [1, 2] },
  },
  'numbers in one column': { out: 1, data: { targets: [1, -3, 5, 7] }, loss: meanSquaredError },
  'numbers in two': {
    out: 2,
    data: {
      targets: [
        [1, -2],
        [3, 5],
        [0, 0],
        [1, 1],
      ],
    },
    loss: huber,
  },
  'probabilities by themselves': {
    out: 1,
    data: { targets: [0, 1, 0.5, 0] },
    loss: binaryCrossEntropyWithLogits,
  },
  'several labels of one example': {
    out: 2,
    data: {
      targets: [
        [1, 1],
        [0, 0],
        [0, 1],
        [1, 0],
      ],
    },
    loss: binaryCrossEntropyWithLogits,
  },
  'pixels to be made again': {
    out: 1,
    data: { targets: Uint8Array.of(0, 255, 3, 128) },
    loss: binaryCrossEntropyWithLogits,
  },
  signs: { out: 1, data: { targets: [1, -1, 1, -1] }, loss: squaredHinge },
  'classes by margins': { out: 3, data: { labels: [0, 2, 1, 0] }, loss: squaredHinge },
  "a loss of one's own, whatever the targets": {
    out: 2,
    data: {
      targets: [
        [2, 0],
        [0, 3],
        [1, 0],
        [0, 1],
      ],
    },
    loss: (y, t) => softmaxCrossEntropy(y, t),
  },
};

test.each(Object.entries(right))('%s: trained', async (_, { out, data, loss, config }) => {
  const model = net(out);
  const given = { inputs, ...data };
  const before = bitsOf(model);
  const result = await fit({
    model,
    data: given,
    validation: given,
    epochs: 2,
    ...(loss && { loss }),
    ...config,
  });
  expect(result.loss).toBeGreaterThan(0);
  expect(bitsOf(model)).not.toEqual(before);
  expect((await evaluate(model, given, loss ? { loss } : {})).loss).toBeGreaterThan(0);
});

const wrong: Readonly<Record<string, readonly [Case, RegExp]>> = {
  'one output and labels': [
    { out: 1, data: { labels: [0, 1, 1, 0] } },
    /expected a loss, which the data leave open \(1 output, .*\), got none\. Write targets: labels\.map\(\(label\) => \[label\]\) with loss: binaryCrossEntropyWithLogits, or give the model .*\(out: 2\)\./,
  ],
  'one output and numbers': [
    { out: 1, data: { targets: [1, 3, 5, 7] } },
    /expected a loss.*got none\. Write loss: meanSquaredError, or loss: huber for numbers with outliers\./,
  ],
  'one output and numbers from 0 to 1': [
    { out: 1, data: { targets: [0, 1, 1, 0] } },
    /Write loss: binaryCrossEntropyWithLogits for probabilities, or loss: meanSquaredError for numbers\./,
  ],
  'rows that are no probabilities': [
    {
      out: 2,
      data: {
        targets: [
          [1, -2],
          [3, 5],
          [0, 0],
          [1, 1],
        ],
      },
    },
    /expected a loss, which the data leave open \(\[1,-2\] at data\.targets\[0\]\), got none\. Write loss: meanSquaredError/,
  ],
  'a later row that is none': [
    {
      out: 2,
      data: {
        targets: [
          [1, 0],
          [0, 1],
          [0, 1],
          [1, 1],
        ],
      },
    },
    /\(\[1,1\] at data\.targets\[3\]\), got none\. Write loss: binaryCrossEntropyWithLogits for probabilities, or/,
  ],
  'a label beyond the outputs': [
    { out: 2, data: { labels: [0, 1, 2, 0] } },
    /expected labels below 2, as the model has 2 outputs, got 2 at data\.labels\[2\]\. Give the last layer an output/,
  ],
  'cross-entropy of one output': [
    { out: 1, data: { labels: [0, 0, 0, 0] }, loss: softmaxCrossEntropy },
    /expected an output for each class, 2 or more, got 1 output, of which the softmax is 1 whatever the weights\./,
  ],
  'cross-entropy of one output and numbers': [
    { out: 1, data: { targets: [1, 3, 5, 7] }, loss: softmaxCrossEntropy },
    /expected an output for each class/,
  ],
  'cross-entropy of numbers': [
    {
      out: 2,
      data: {
        targets: [
          [1, 0],
          [3, 5],
          [0, 1],
          [0, 1],
        ],
      },
      loss: softmaxCrossEntropy,
    },
    /expected probabilities of classes, each row adding up to 1, got \[3,5\] at data\.targets\[1\]\. Numbers: loss: mean/,
  ],
  'cross-entropy of a label beyond, smoothed': [
    { out: 2, data: { labels: [0, 3, 1, 0] }, config: { labelSmoothing: 0.1 } },
    /labels below 2, .*got 3 at data\.labels\[1\]/,
  ],
  'binary cross-entropy of numbers': [
    { out: 1, data: { targets: [0, 1, 2, 0] }, loss: binaryCrossEntropyWithLogits },
    /expected targets, each from 0 to 1, got 2 at data\.targets\[2\]/,
  ],
  'binary cross-entropy of signs': [
    {
      out: 2,
      data: {
        targets: [
          [1, 1],
          [1, 0],
          [1, -1],
          [0, 0],
        ],
      },
      loss: binaryCrossEntropyWithLogits,
    },
    /got -1 at data\.targets\[2\]\[1\]/,
  ],
  'binary cross-entropy of NaN': [
    { out: 1, data: { targets: [0, Number.NaN, 1, 0] }, loss: binaryCrossEntropyWithLogits },
    /got NaN at data\.targets\[1\]/,
  ],
  'binary cross-entropy of labels': [
    { out: 1, data: { labels: [0, 1, 1, 0] }, loss: binaryCrossEntropyWithLogits },
    /expected targets, each from 0 to 1, of the shape of the outputs, got labels\..*targets: labels\.map/,
  ],
  'mean squared error of labels': [
    { out: 1, data: { labels: [0, 1, 1, 0] }, loss: meanSquaredError },
    /expected targets as floating-point numbers, of the shape of the outputs, got labels\. .*targets: labels\.map/,
  ],
  'mean squared error of integers': [
    { out: 1, data: { targets: Int32Array.of(1, 2, 3, 4) }, loss: meanSquaredError },
    /got an Int32Array\. Write targets: Float32Array\.from\(targets\)/,
  ],
  'hinge of 0 and 1': [
    { out: 1, data: { targets: [0, 1, 1, 0] }, loss: squaredHinge },
    /expected targets, each 1 or -1, got 0 at data\.targets\[0\]/,
  ],
  'hinge of a label beyond': [
    { out: 3, data: { labels: [0, 1, 3, 0] }, loss: squaredHinge },
    /labels below 3, .*got 3 at data\.labels\[2\]/,
  ],
  'class weights of another number': [
    { out: 2, data: { labels: [0, 1, 1, 0] }, config: { classWeights: [1, 2, 3] } },
    /expected classWeights for the 2 outputs of the model, got 3/,
  ],
};

const errorOf = (act: () => PromiseLike<unknown>): Promise<Error> =>
  Promise.resolve(act()).then(
    () => new Error('nothing refused'),
    (cause: Error) => cause,
  );

test.each(Object.entries(wrong))(
  '%s: refused, nothing trained',
  async (_, [{ out, data, loss, config }, message]) => {
    const given = { inputs, ...data };
    const base = { epochs: 2, batchSize: 2, ...(loss && { loss }), ...config };
    const runs: ((model: Model) => PromiseLike<unknown>)[] = [
      (model) => fit({ model, data: given, ...base }),
      (model) => fit({ model, data: given, validation: 0.5, ...base }),
    ];
    for (const run of runs) {
      const model = net(out);
      const before = bitsOf(model);
      const error = await errorOf(() => run(model));
      expect(error).toBeInstanceOf(ArgumentError);
      expect(error.message).toMatch(message);
      expect(error.message).toMatch(/^fit: /);
      expect(bitsOf(model)).toEqual(before);
    }
    if (config) return;
    const error = await errorOf(() => evaluate(net(out), given, loss ? { loss } : {}));
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^evaluate: /);
  },
);

test('targets of a function, and of validation examples, are told apart', async () => {
  const good = { inputs, labels: [0, 1, 1, 0] };
  const bad = { inputs, labels: [0, 1, 1, 2] };
  const base = { model: net(2), epochs: 2 };
  const data = (epoch: number) => (epoch === 0 ? [good, good] : [good, bad]);
  await expect(fit({ ...base, data, stepsPerEpoch: 2 })).rejects.toThrow(
    /got 2 at data\(1\)\[1\]\.labels\[3\]/,
  );
  const model = net(2);
  const before = bitsOf(model);
  for (const validation of [bad, [bad]]) {
    await expect(fit({ ...base, model, data: good, validation })).rejects.toThrow(
      /got 2 at validation\.labels\[3\]/,
    );
    expect(bitsOf(model)).toEqual(before);
  }
  await expect(evaluate(net(2), [good, bad])).rejects.toThrow(/got 2 at data\.labels\[3\]/);
  const later = {
    *[Symbol.iterator]() {
      yield bad;
    },
  };
  await expect(fit({ ...base, data: good, validation: later })).rejects.toThrow(
    /got 2 at validation\.labels\[3\]/,
  );
});
