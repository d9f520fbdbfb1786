import { ArgumentError, OptionError, type OptionRules } from '@funhash/hashing';
import { Dense } from '@funhash/layers';
import { tensor } from '@funhash/tensor';
import { expect, test } from 'vitest';
import { byteBudget, byteBudgetRules } from './byte-budget.ts';
import { averageRules } from './classification-metrics.ts';
import { evaluateRules, predictRules } from './evaluate.ts';
import { finderRules } from './find-learning-rate.ts';
import { checkpointRules, earlyStoppingRules, fitRules } from './fit-config.ts';
import * as training from './index.ts';
import { huberRules, lossRules } from './losses.ts';
import { multiLabelAverageRules, multiLabelRules } from './multi-label-metrics.ts';
import { rateRules } from './rate.ts';
import { recipeRules } from './recipe.ts';
import { scheduleRules } from './schedules.ts';
import { updatePenaltyRules } from './update-penalty.ts';
import { averageRules as weightAverageRules } from './weight-average.ts';

const model = new Dense({ in: 1, out: 1 });
const data = { inputs: [[1]], targets: [[1]] };
const config = { model, data, epochs: 1 };
const [y, t] = [tensor([1]), tensor([2])];
const one = { shape: [1, 1], data: Float32Array.of(1) };

type Given = Readonly<Record<string, unknown>>;
type Case = readonly [rules: Readonly<Record<string, unknown>>, call: (options: Given) => unknown];

const fitWith = (options: Given) => training.fit({ ...config, ...options }).next();
const schedules = Object.entries(scheduleRules).map(([name, rules]): [string, Case] => {
  const { [name as keyof typeof scheduleRules]: make } = training;
  return [name, [rules, make as (options: Given) => unknown]];
});
const optimizers = Object.entries(training.optimizers).map(([name, make]): [string, Case] => [
  name,
  [make().options, make as (options: Given) => unknown],
]);
const casesOf = (rules: Case[0], makers: Readonly<Record<string, (options: never) => unknown>>) =>
  Object.entries(makers).map(([name, make]): [string, Case] => [
    name,
    [rules, make as (options: Given) => unknown],
  ]);
const { precision, recall, f1 } = training;
const { multiLabelPrecision, multiLabelRecall, multiLabelF1, subsetAccuracy } = training;
const averages = [
  ...casesOf(averageRules, { precision, recall, f1 }),
  ...casesOf(multiLabelAverageRules, { multiLabelPrecision, multiLabelRecall, multiLabelF1 }),
  ...casesOf(multiLabelRules, { subsetAccuracy }),
];
const cases: Readonly<Record<string, Case>> = {
  fit: [fitRules, fitWith],
  'fit.earlyStopping': [earlyStoppingRules, (earlyStopping) => fitWith({ validation: 0.5, earlyStopping })],
  'fit.checkpoint': [checkpointRules, (checkpoint) => fitWith({ checkpoint })],
  findLearningRate: [finderRules, (options) => training.findLearningRate({ model, data, ...options })],
  'fit.average': [weightAverageRules, (average) => fitWith({ average })],
  evaluate: [evaluateRules, (options) => training.evaluate(model, data, options)],
  predict: [predictRules, (options) => training.predict(model, [[1]], options)],
  rate: [rateRules, (options) => training.rate(model, options)],
  updatePenalty: [
    updatePenaltyRules,
    (options) => training.updatePenalty(model, options as unknown as training.UpdatePenaltyOptions),
  ],
  labelScores: [multiLabelRules, (options) => training.labelScores(one, one, options)],
  recipe: [recipeRules, (options) => training.recipe(options)],
  meanSquaredError: [lossRules, (options) => training.meanSquaredError(y, t, options)],
  binaryCrossEntropyWithLogits: [
    lossRules,
    (options) => training.binaryCrossEntropyWithLogits(y, t, options),
  ],
  squaredHinge: [lossRules, (options) => training.squaredHinge(y, t, options)],
  huber: [huberRules, (options) => training.huber(y, t, options)],
  // An entry of its own, which pages do not load to train.
  byteBudget: [byteBudgetRules, (options) => byteBudget(model, options as never)],
  ...Object.fromEntries(averages),
  ...Object.fromEntries(schedules),
  ...Object.fromEntries(optimizers),
};

const errorOf = async (act: () => unknown): Promise<unknown> => {
  try {
    return await act();
  } catch (error) {
    return error;
  }
};

const walk = Object.entries(cases).flatMap(([operation, [rules, call]]) =>
  Object.keys(rules).map((name) => [operation, name, call] as const),
);

test.each(walk)('%s: %s misspelt is refused with its name', async (operation, name, call) => {
  const slips = [name + name.at(-1), name.slice(0, 1) + name.slice(2), name.toUpperCase()];
  for (const slip of slips) {
    const error = await errorOf(() => call({ [slip]: 1 }));
    expect(error, slip).toBeInstanceOf(OptionError);
    expect((error as Error).message).toBe(`${operation}: unknown option ${slip}; did you mean ${name}?`);
  }
});

test.each(
  Object.entries(cases).flatMap(([operation, [rules, call]]) =>
    Object.entries(rules as OptionRules)
      .filter(([, rule]) => typeof rule === 'object' && rule.accepts && !rule.accepts(Symbol.iterator))
      .map(([name]) => [operation, name, call] as const),
  ),
)('%s: %s of a wrong kind is refused', async (operation, name, call) => {
  const error = await errorOf(() => call({ [name]: Symbol.iterator }));
  expect(error).toBeInstanceOf(ArgumentError);
  expect((error as Error).message).toMatch(new RegExp(`^${operation}: expected \\w+: `));
});

test('every function that takes options is walked', () => {
  const without = [
    ...[
      'accuracy',
      'areaUnderCurve',
      'confusionMatrix',
      'errorRate',
      'meanAbsoluteError',
      'r2',
      'rootMeanSquaredError',
    ],
    ...['topKAccuracy', 'readCheckpoint', 'defineOptimizer'],
    // Checked where it is stated, in autodiff.
    'softmaxCrossEntropy',
  ];
  const isPlain = (value: unknown) => typeof value === 'function' && !(value.prototype instanceof Error);
  const functions = Object.entries({ ...training, byteBudget }).filter(([, value]) => isPlain(value));
  const walked = [...Object.keys(cases).filter((name) => !name.includes('.')), ...without];
  expect(functions.map(([name]) => name).sort()).toEqual(walked.sort());
});

test.each([
  [
    'learningRate',
    'fit: unknown option learningRate; it belongs to the optimizer: optimizer: adam({ learningRate: … })',
  ],
  ['lr', 'fit: unknown option lr; it belongs to the optimizer: optimizer: adam({ learningRate: … })'],
  [
    'weightDecay',
    'fit: unknown option weightDecay; it belongs to the optimizer: optimizer: adam({ weightDecay: … })',
  ],
  ['batchsize', 'fit: unknown option batchsize; did you mean batchSize?'],
  ['callbacks', 'fit: unknown option callbacks; events tell: for await (const event of fit({ … }))'],
])('fit is told %s', async (name, message) => {
  expect(((await errorOf(() => fitWith({ [name]: 1 }))) as Error).message).toBe(message);
});

test.each([undefined, null, 5])('readCheckpoint and topKAccuracy: %s is refused', async (given) => {
  await expect(training.readCheckpoint(given as unknown as string)).rejects.toThrow(ArgumentError);
  if (given !== 5) expect(() => training.topKAccuracy(given as unknown as number)).toThrow(ArgumentError);
});

test('the rule given in place of an optimiser is told what to do', async () => {
  expect(((await errorOf(() => fitWith({ optimizer: training.adam }))) as Error).message).toMatch(
    /expected optimizer: an optimizer, such as adam\(\{ learningRate: 0.001 \}\), got the function/,
  );
});
