// Trains the network that removes artifacts, and writes it as a model file.
//
//     npx -y pnpm@12 --filter @funhash-examples/image-codec-node train --photos ~/photos --out base.safetensors --minutes 20
//     … --channels 16 --weight hashedNet:1/2 --core-minutes 5
//     … --from base.safetensors --bits 4 --rate 0.0005 --core-minutes 3: trains it on with weights of so many bits
//
// Every photo is coded at several qualities by two encoders, with chroma at half and at full resolution. Four photos are held out.

import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseScheme, weightRequest } from '@funhash/experiments';
import { random } from '@funhash/hashing';
import { artifactNet, type CropBatch, cropLoss, drawCrops, type PicturePair } from '@funhash/images';
import { compress, load } from '@funhash/layers';
import { adam, fit } from '@funhash/training';
import type { Kind } from './encoders.ts';
import { heldOut, heldOutPairs, judge, pairsOf } from './held-out.ts';
import { isCoded } from './is-coded.ts';
import { rowLevels } from './row-levels.ts';

const { values: given } = parseArgs({
  options: {
    photos: { type: 'string', default: 'photos' },
    out: { type: 'string', default: 'base.safetensors' },
    steps: { type: 'string', default: '4000' },
    rate: { type: 'string', default: '0.002' },
    minutes: { type: 'string' },
    /** The same in time of processors, which other work on the machine does not take. */
    'core-minutes': { type: 'string' },
    channels: { type: 'string' },
    depth: { type: 'string' },
    'chroma-channels': { type: 'string' },
    'chroma-depth': { type: 'string' },
    /** Scheme of the convolutions between the first and the last, as the command line has it: `hashedNet:1/2`. */
    weight: { type: 'string' },
    /** A network to start from, in place of a new one. */
    from: { type: 'string' },
    /** Bits of its weights of 3 × 3, with a factor for each output channel. */
    bits: { type: 'string' },
    versions: { type: 'string', default: '4' },
    seed: { type: 'string', default: '1' },
  },
});
const qualities = [10, 15, 20, 30, 45, 60, 75];
const kinds: readonly Kind[] = ['moz420', 'plain420', 'moz420', 'plain420', 'moz444', 'plain444'];
const names = readdirSync(resolve(given.photos))
  .filter((name) => name.endsWith('.ppm'))
  .map((name) => name.slice(0, -4))
  .sort();

const training: PicturePair[] = [];
const versions = Number(given.versions);
for (const [place, name] of names
  .filter((each) => !(heldOut as readonly string[]).includes(each))
  .entries()) {
  const how = Array.from({ length: versions }, (_, version) => {
    const turn = place * versions + version;
    return [qualities[(5 * turn) % 7] as number, kinds[turn % 6] as Kind] as const;
  });
  for (const pair of await pairsOf(given.photos, name, how)) training.push(pair);
}
const held = await heldOutPairs(given.photos);
console.log(`${training.length} pictures to train on, ${held.length} held out`);

const counts = {
  channels: given.channels,
  depth: given.depth,
  chromaChannels: given['chroma-channels'],
  chromaDepth: given['chroma-depth'],
};
const fresh = () =>
  artifactNet({
    ...Object.fromEntries(
      Object.entries(counts).flatMap(([name, count]) => (count === undefined ? [] : [[name, Number(count)]])),
    ),
    ...(given.weight !== undefined && { weight: weightRequest(parseScheme(given.weight)) }),
    seed: Number(given.seed),
  });
const start = given.from === undefined ? fresh() : await load(given.from);
const { model: net } =
  given.bits === undefined
    ? { model: start }
    : await compress(start, {
        weight: ({ name }) => (isCoded(`${name}.w`) ? rowLevels({ bits: Number(given.bits) }) : undefined),
      });
if (given.from !== undefined) judge(net, held);
console.log(`${net.summary().total.storedCount} stored values`);
const steps = Number(given.steps);
const draw = random(Number(given.seed)).fork('crops');
const begun = performance.now();
const before = process.cpuUsage();
const coreMs = (): number => {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};
const msOf = (minutes: string | undefined): number =>
  minutes === undefined ? Number.POSITIVE_INFINITY : 60_000 * Number(minutes);
const [limit, coreLimit] = [msOf(given.minutes), msOf(given['core-minutes'])];
/** The share of the run that is over: of its steps, or of its time. */
const over = (step: number): number =>
  Math.max(step / steps, (performance.now() - begun) / limit, coreMs() / coreLimit);
const rate = (step: number): number =>
  Math.min(1, (step + 1) / 100) * (0.5 * (1 + Math.cos(Math.PI * Math.min(1, over(step)))) + 0.01);
/** Means of the last steps: the loss, and what it is where nothing is added. */
const sums = { loss: 0, plain: 0 };
const events = fit({
  model: net,
  data: function* () {
    for (let step = 0; step < steps && over(step) < 1; step++) {
      const crops = drawCrops(training, { count: 8, side: 64 }, draw);
      sums.plain += plainLoss(crops);
      yield crops;
    }
  },
  epochs: 1,
  loss: cropLoss,
  plans: true,
  optimizer: adam({ learningRate: Number(given.rate), beta2: 0.98, clipNorm: 1 }),
  schedule: rate,
  average: { decay: 0.99 },
  reportEverySteps: 1,
});
for await (const event of events) {
  if (event.type !== 'step') continue;
  sums.loss += event.loss;
  if (event.step % 250 !== 0 && event.step !== 100) continue;
  const seconds = ((performance.now() - begun) / 1000).toFixed(0);
  console.log(
    `step ${event.step}: ${((100 * sums.loss) / sums.plain).toFixed(2)} % of the error, ${seconds} s`,
  );
  Object.assign(sums, { loss: 0, plain: 0 });
}
judge(net, held);
await net.save(given.out);

/** The loss of a network that adds nothing. */
function plainLoss({ count, targets }: CropBatch): number {
  let sum = 0;
  for (let at = 0; at < targets.length; at += 6)
    for (let c = 0; c < 3; c++) sum += ((targets[at + c] as number) * (targets[at + 3 + c] as number)) ** 2;
  return sum / (count * 64 * 64 * 3);
}
