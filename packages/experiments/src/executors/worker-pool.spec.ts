import { FunhashError } from '@funhash/hashing';
import { expect, test } from 'vitest';
import { workerPool } from './worker-pool.ts';

// Doubles numbers, after as many milliseconds; fails at 13 as foreseen, and at 14 otherwise.
const source = `
import { parentPort, workerData } from 'node:worker_threads';
parentPort.on('message', (job) => setTimeout(() => {
  if (job === 13) return parentPort.postMessage({ type: 'failed', error: new Error('no'), details: { operation: 'double', expected: 'luck', actual: '13' } });
  if (job === 14) throw new Error('unforeseen');
  parentPort.postMessage({ type: 'event', event: 'half' });
  parentPort.postMessage({ type: 'done', result: job * workerData.factor });
}, job));`;

const open = (threads: number, signal?: AbortSignal) =>
  workerPool<number, string, number>({
    entry: new URL(`data:text/javascript,${encodeURIComponent(source)}`),
    workerData: { factor: 2 },
    threads,
    ...(signal && { signal }),
  });

test('gives results in the order of the jobs, whatever ends first', async () => {
  const pool = open(2);
  const heard: [number, string | number][] = [];
  const results = await pool.run([60, 1, 2, 3], {
    onEvent: (job, event) => void heard.push([job, event]),
    onDone: (job, result) => void heard.push([job, result]),
  });
  expect(results).toEqual([120, 2, 4, 6]);
  expect(heard).toHaveLength(8);
  expect(await pool.run([5])).toEqual([10]);
  await pool.close();
});

test('a foreseen failure keeps what it says; any failure ends the pool', async () => {
  await expect(open(2).run([1, 13, 500])).rejects.toThrow(FunhashError);
  await expect(open(2).run([1, 13, 500])).rejects.toThrow(/double: expected luck, got 13/);
  await expect(open(1).run([14, 1])).rejects.toThrow('unforeseen');
});

test('an abort ends the jobs under way', async () => {
  const controller = new AbortController();
  const done = open(2, controller.signal).run([60_000, 60_000]);
  setTimeout(() => controller.abort(), 50);
  await expect(done).rejects.toThrow(/abort/);
});
