// Writes a trained network, in codes of 8 bits, as the module that @funhash/images loads.
//
//     npx -y pnpm@12 --filter @funhash-examples/image-codec-node ship --net base.safetensors

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { load } from '@funhash/layers';

const { values: given } = parseArgs({
  options: {
    net: { type: 'string', default: 'base.safetensors' },
    to: {
      type: 'string',
      default: new URL('../../packages/images/src/net/base-net-file.ts', import.meta.url).pathname,
    },
  },
});
const bytes = await (await load(given.net)).toBytes({ storeAs: 'i8' });
const text = Buffer.from(bytes).toString('base64');
writeFileSync(
  given.to,
  `/** A model file in base64, made by examples/image-codec-node: train, then ship. */\nexport const baseNetFile =\n  '${text}';\n`,
);
console.log(`${bytes.length} bytes`);
