// Writes a trained network as the module that @funhash/images loads: weights rounded to multiples of a step and entropy-coded, in a
// compact file.
//
//     npx -y pnpm@12 --filter @funhash-examples/image-codec-node ship --net base.safetensors --levels 24 --photos ~/photos

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { compact, load, type Parameter, tensor, useBackend } from '@funhash/layers';
import { heldOutPairs, judge } from './held-out.ts';
import { isCoded } from './is-coded.ts';
import { rowLevels } from './row-levels.ts';

const { values: given } = parseArgs({
  options: {
    net: { type: 'string', default: 'base.safetensors' },
    /** Steps in the root mean square of a tensor of weights. */
    levels: { type: 'string', default: '24' },
    /** Bits of a weight, in place of `levels`: the largest of a tensor is the largest number of so many. */
    bits: { type: 'string' },
    /** Folder of photos, of which those held out say what rounding costs. */
    photos: { type: 'string' },
    to: {
      type: 'string',
      default: new URL('../../packages/images/src/net/base-net-file.ts', import.meta.url).pathname,
    },
  },
});
await useBackend('wasm');
const schemes = { rowLevels };
const net = await load(given.net, { schemes });
const pairs = given.photos === undefined ? [] : await heldOutPairs(given.photos);
if (pairs.length > 0) judge(net, pairs);
for (const [name, parameter] of net.namedParameters())
  if (isCoded(name) && !parameter.rule.multiples) round(parameter);
const bytes = await net.toBytes({
  compact,
  storeAs: (name) => (isCoded(name) ? 'coded' : 'f16'),
});
if (pairs.length > 0) judge(await load(bytes, { schemes }), pairs);
const text = Buffer.from(bytes).toString('base64');
writeFileSync(
  given.to,
  `/** A model file in base64, made by examples/image-codec-node: train, then ship. */\nexport const baseNetFile =\n  '${text}';\n`,
);
console.log(`${bytes.length} bytes`);

/** Takes the multiples of a step that are nearest to values. */
function round(parameter: Parameter): void {
  const { value } = parameter;
  const values = value.dataSync() as Float32Array;
  const size = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
  const most = values.reduce((high, x) => Math.max(high, Math.abs(x)), 0);
  const step = Math.fround(
    given.bits === undefined
      ? Math.max(size / Number(given.levels), most / 128)
      : most / (2 ** (Number(given.bits) - 1) - 1),
  );
  parameter.assign(
    tensor(
      values.map((x) => Math.round(x / step) * step),
      value.shape,
    ),
  );
}
