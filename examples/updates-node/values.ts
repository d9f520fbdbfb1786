// Is a layer better that hashes its coded values, or one that stores a coded weight for each entry, at equal bytes of the file?
//
//     npx -y pnpm@12 --filter @funhash-examples/updates-node values --seeds 5
//
// 784-32-10 on 12 000 digits of MNIST. All nets have levels of 6 bits that a rate trains to files of the same bytes. Nothing is chosen by
// the test digits, which are looked at once a net.

import { parseArgs } from 'node:util';
import { datasets, type ImageDataset, subset } from '@funhash/datasets';
import {
  compact,
  Dense,
  funHash,
  hashedNet,
  kronecker,
  levels,
  load,
  Sequential,
  scope,
  tensor,
  tiles,
  useBackend,
  type WeightRequest,
} from '@funhash/layers';
import { adam, errorRate, evaluate, fit, rate, warmupCosine } from '@funhash/training';

const { values: given } = parseArgs({
  options: {
    seeds: { type: 'string', default: '5' },
    epochs: { type: 'string', default: '8' },
    count: { type: 'string', default: '12000' },
    bytes: { type: 'string', default: '400,700,1300' },
    width: { type: 'string', default: '32' },
  },
});
const width = Number(given.width);

interface Kind {
  readonly name: string;
  readonly weight: WeightRequest | undefined;
  readonly learningRate: number;
}
/** Steps are those of the recipe of docs/results.md for each scheme. */
const kinds: readonly Kind[] = [
  { name: 'plain', weight: undefined, learningRate: 0.1 },
  { name: 'hashedNet 1/4', weight: hashedNet({ ratio: 1 / 4 }), learningRate: 0.27 },
  { name: 'tiles 1/4', weight: tiles({ ratio: 1 / 4 }), learningRate: 0.27 },
  { name: 'funHash 1/4', weight: funHash({ ratio: 1 / 4 }), learningRate: 0.27 },
  { name: 'kronecker, 4 terms', weight: kronecker({ terms: 4 }), learningRate: 0.13 },
];

/** Bytes of a file with nothing but the description, steps and biases. */
async function withoutLevels(net: Sequential): Promise<number> {
  for (const parameter of net.parameters())
    if (parameter.rule.multiples)
      scope(() => parameter.assign(tensor(new Float32Array(parameter.value.size), parameter.value.shape)));
  return (await net.toBytes({ compact, storeAs: 'coded' })).length;
}

await useBackend('wasm');
const { train, test } = (await datasets.mnist()) as ImageDataset;
const scores = new Map<string, { readonly bytes: number[]; readonly errors: number[] }>();
const sizes = given.bytes.split(',').map(Number);
for (let seed = 0; seed < Number(given.seeds); seed++) {
  const from = (seed * Number(given.count)) % train.count;
  const data = subset(
    train,
    Int32Array.from({ length: Number(given.count) }, (_, k) => (from + k) % train.count),
  ) as ImageDataset['train'];
  for (const bytes of sizes)
    for (const { name, weight, learningRate } of kinds) {
      const make = (): Sequential =>
        new Sequential(
          [
            new Dense({ in: 784, out: width, activation: 'relu', weight: levels({ bits: 6 }, weight) }),
            new Dense({ in: width, out: 10, weight: levels({ bits: 6 }) }),
          ],
          { seed },
        );
      const net = make();
      await fit({
        model: net,
        data,
        seed,
        epochs: Number(given.epochs),
        batchSize: 100,
        optimizer: adam({ learningRate, relativeStep: true }),
        schedule: warmupCosine(),
        penalty: rate(net, { bytes: bytes - (await withoutLevels(make())) }),
      });
      const file = await net.toBytes({ compact, storeAs: 'coded' });
      const judged = await evaluate(await load(file), test, { metrics: { errorRate } });
      const key = `${bytes} | ${name}`;
      const found = scores.get(key) ?? { bytes: [], errors: [] };
      found.bytes.push(file.length);
      found.errors.push(100 * (judged.errorRate as number));
      scores.set(key, found);
      console.log(`seed ${seed}, ${name}: ${file.length} bytes, ${found.errors.at(-1)?.toFixed(2)} %`);
    }
}

console.log(
  '\n| bytes asked | net | bytes of the file | test error % | by seed |\n| --- | --- | --- | --- | --- |',
);
for (const [key, { bytes, errors }] of scores) {
  const mean = (list: readonly number[]): number => list.reduce((sum, x) => sum + x, 0) / list.length;
  const spread = Math.sqrt(
    errors.reduce((sum, x) => sum + (x - mean(errors)) ** 2, 0) / Math.max(1, errors.length - 1),
  );
  const each = errors.map((error) => error.toFixed(2)).join(' ');
  console.log(
    `| ${key} | ${mean(bytes).toFixed(0)} | ${mean(errors).toFixed(2)} ± ${spread.toFixed(2)} | ${each} |`,
  );
}
