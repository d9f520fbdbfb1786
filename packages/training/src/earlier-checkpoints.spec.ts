import { useBackend } from '@funhash/layers';
import { beforeAll, expect, test } from 'vitest';
import cases from './earlier-checkpoints.fixtures.json' with { type: 'json' };
import { earlierRuns, valuesIn } from './earlier-runs.spec-kit.ts';
import { fit } from './fit.ts';

beforeAll(async () => void (await useBackend('reference')));

// Checkpoints of version 0.0.0 at 168145e after 7 steps, and the values with which those runs ended.
test.each(cases)('$name: a checkpoint of an earlier version goes on, bit for bit', async (kept) => {
  const run = earlierRuns[kept.name]?.();
  if (!run) throw new Error(`no run ${kept.name}`);
  for await (const _ of fit({ ...run, resume: Buffer.from(kept.checkpoint, 'base64') }));
  expect(valuesIn(run.model)).toEqual(kept.values);
});
