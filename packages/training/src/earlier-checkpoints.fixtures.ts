// Made the checkpoints in earlier-checkpoints.fixtures.json, by the code of version 0.0.0 at 168145e. Not to be run
// again: checkpoints of today would say nothing about those of then.
//
//     node --conditions=@funhash/source --import tsx packages/training/src/earlier-checkpoints.fixtures.ts

import { writeFileSync } from 'node:fs';
import { useBackend } from '@funhash/layers';
import { earlierRuns, valuesIn } from './earlier-runs.spec-kit.ts';
import { fit } from './index.ts';

await useBackend('reference');
const made = [];
for (const [name, config] of Object.entries(earlierRuns)) {
  let checkpoint: Uint8Array | undefined;
  const run = config();
  for await (const event of fit({ ...run, checkpoint: { everySteps: 7 } }))
    if (event.type === 'checkpoint' && event.step === 7) checkpoint = event.bytes;
  made.push({
    name,
    checkpoint: Buffer.from(checkpoint as Uint8Array).toString('base64'),
    values: valuesIn(run.model),
  });
}
writeFileSync(
  new URL('earlier-checkpoints.fixtures.json', import.meta.url),
  `[\n${made.map((each) => JSON.stringify(each)).join(',\n')}\n]\n`,
);
