import { load } from '@funhash/layers';
import { expect, test } from 'vitest';
import type { RunRequest } from '../spec/run-spec.ts';
import { runSpec, specHash } from '../spec/run-spec.ts';
import { runTraining } from './run-training.ts';
import { eventsOf, lastOf, tinyRun } from './tiny-run.spec-kit.ts';

const plain = {
  ...tinyRun,
  net: { widths: [8], dropout: 0 },
  optimizer: { rule: 'sgd', learningRate: 0.1 },
} as const satisfies RunRequest;

/** What a run ends with: its events, and the parameters of its file by their names. */
async function trained(more: RunRequest) {
  let file: Uint8Array | undefined;
  const onModel = (bytes: Uint8Array): void => {
    file = bytes;
  };
  const events = await eventsOf(runTraining({ ...plain, ...more }, { onModel, reportEverySteps: 1 }));
  const net = await load(file as Uint8Array);
  const read = [...net.namedParameters()].map(
    async ([name, { value }]) => [name, [...(await value.data())]] as const,
  );
  return { events, values: Object.fromEntries(await Promise.all(read)) };
}

const steps = (events: Awaited<ReturnType<typeof trained>>['events']): number =>
  events.filter(({ type }) => type === 'step').length;

test.each<[string, RunRequest]>([
  ['images as they are', {}],
  ['images that change', { augment: { shift: 1 } }],
])('%s: two batches that make a step do what one of twice the size does', async (_, more) => {
  const [small, large] = await Promise.all([
    trained({ ...more, batchSize: 15, accumulate: 2 }),
    trained({ ...more, batchSize: 30 }),
  ]);
  expect(steps(small.events)).toBe(3 * 3);
  expect(lastOf(small.events, 'start')?.steps).toBe(9);
  for (const [name, values] of Object.entries(large.values))
    values.forEach((value, k) => {
      expect(small.values[name]?.[k]).toBeCloseTo(value, 4);
    });
});

test('what is frozen is as it was, and the rest learns', async () => {
  const [before, after] = await Promise.all([trained({ epochs: 0 }), trained({ freeze: ['0.weight'] })]);
  expect(after.values['0.weight.w']).toEqual(before.values['0.weight.w']);
  expect(before.values['0.weight.w']?.length).toBe(8 * 784);
  expect(after.values['0.bias']).not.toEqual(before.values['0.bias']);
  await expect(trained({ freeze: ['7'] })).rejects.toThrow(/freeze/);
});

test('an average of the weights is what validation judges and the file holds', async () => {
  const [last, average] = await Promise.all([trained({}), trained({ average: 0.9 })]);
  expect(average.values['0.weight.w']).not.toEqual(last.values['0.weight.w']);
  const losses = [last, average].map(({ events }) => lastOf(events, 'epoch')?.validation?.loss);
  expect(losses[0]).not.toBe(losses[1]);
  // Steps are the same: it is beside them.
  const told = ({ events }: typeof last) =>
    events.flatMap((event) => (event.type === 'step' ? [event.loss] : []));
  expect(told(average)).toEqual(told(last));
});

test('a run that says nothing of them has the hash that it had', () => {
  const hash = specHash(runSpec(plain));
  expect(specHash(runSpec({ ...plain, accumulate: 1 }))).toBe(hash);
  for (const more of [{ accumulate: 2 }, { average: 0.9 }, { freeze: ['0'] }])
    expect(specHash(runSpec({ ...plain, ...more }))).not.toBe(hash);
  for (const wrong of [{ accumulate: 0 }, { average: 1 }, { freeze: [] }, { freeze: '0' }])
    expect(() => runSpec({ ...plain, ...wrong })).toThrow(/accumulate|average|freeze/);
});
