// How small whole networks become as packs, without any training after it, at 0.1 points of accuracy.
//
//     npx -y pnpm@12 --filter @funhash-examples/updates-node packs
//
// The quality of a pack is the least at which 35 000 other training digits have at most 0.1 points more errors; the test digits are looked at once.

import { parseArgs } from 'node:util';
import type { StoredTensor } from '@funhash/codec';
import { pack } from '@funhash/codec/pack';
import { unpack } from '@funhash/codec/unpack';
import { type Sequential, useBackend } from '@funhash/layers';
import { leNet5, recurrentNet, resNet } from '@funhash/models';
import { adam, errorRate, evaluate, fit, warmupCosine } from '@funhash/training';
import { type Digits, digits } from './digits.ts';
import { setTensors, type Tensors, tensorsOf } from './tensors.ts';

const { values: given } = parseArgs({
  options: {
    seeds: { type: 'string', default: '3' },
    epochs: { type: 'string', default: '4' },
    nets: { type: 'string', multiple: true },
    /** Gives each matrix the same quality. */
    even: { type: 'boolean', default: false },
  },
});
/** Quality at which the search begins, in decibels. */
const leastQuality = 16;
const nets: Readonly<Record<string, (seed: number) => Sequential>> = {
  'LeNet-5': (seed) => leNet5({ seed }),
  'LSTM of 128 units': (seed) => recurrentNet({ seed }),
  'ResNet-20': (seed) => resNet({ depth: 20, input: [28, 28, 1], seed }),
};

await useBackend('wasm');
const all = await digits();

/** Values as they come back from a pack of this quality, and its bytes. */
function packed(tensors: Tensors, quality: number): { readonly tensors: Tensors; readonly bytes: number } {
  const bytes = pack(tensors as ReadonlyMap<string, StoredTensor>, { quality, even: given.even });
  const back = [...unpack(bytes)].map(([name, { shape, data }]) => [
    name,
    { ...tensors.get(name), shape, data: data as Float32Array },
  ]);
  return { tensors: new Map(back as [string, never][]), bytes: bytes.length };
}

console.log('| net | seed | f32 | pack | of f32 | quality, dB | test error %, f32 | pack |');
console.log('| --- | --- | --- | --- | --- | --- | --- | --- |');
for (const [name, make] of Object.entries(nets).filter(([name]) => given.nets?.includes(name) ?? true))
  for (let seed = 0; seed < Number(given.seeds); seed++) {
    const net = make(seed);
    const errorOf = async (data: Digits, tensors: Tensors): Promise<number> => {
      await setTensors(net, tensors);
      return 100 * ((await evaluate(net, data, { metrics: { errorRate } })).errorRate as number);
    };
    await fit({
      model: net,
      data: all.base,
      epochs: Number(given.epochs),
      seed,
      optimizer: adam({ learningRate: 2e-3 }),
      schedule: warmupCosine(),
    });
    const trained = await tensorsOf(net);
    const wanted = (await errorOf(all.rest, trained)) + 0.1 + 1e-9;
    let quality = leastQuality;
    let small = packed(trained, quality);
    while ((await errorOf(all.rest, small.tensors)) > wanted) small = packed(trained, ++quality);
    const plain = [...trained.values()].reduce((sum, { data }) => sum + 4 * data.length, 0);
    const errors = [await errorOf(all.test, trained), await errorOf(all.test, small.tensors)];
    const [before, after] = errors.map((error) => error.toFixed(2));
    const share = ((100 * small.bytes) / plain).toFixed(1);
    console.log(
      `| ${name} | ${seed} | ${plain} | ${small.bytes} | ${share} % | ${quality} | ${before} | ${after} |`,
    );
  }
