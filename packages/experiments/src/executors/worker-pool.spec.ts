import { FunhashError } from '@funhash/hashing';
import { expect, test } from 'vitest';
import { workerPool } from './worker-pool.ts';

// Doubles numbers, after as many milliseconds; fails at 13 as foreseen, and at 14 otherwise; told to abort, it answers -1.
const source = `
import { parentPort, workerData } from 'node:worker_threads';
let timer;
parentPort.on('message', (order) => {
  if (order.type === 'abort') { clearTimeout(timer); return parentPort.postMessage({ type: 'done', result: -1 }); }
  const { job } = order;
  timer = setTimeout(() => {
    if (job === 13) return parentPort.postMessage({ type: 'failed', error: new Error('no'), details: { operation: 'double', expected: 'luck', actual: '13' } });
    if (job === 14) throw new Error('unforeseen');
    parentPort.postMessage({ type: 'event', event: 'half' });
    parentPort.postMessage({ type: 'done', result: job * workerData.factor });
  }, job);
});`;

const open = (threads: number) =>
  workerPool<number, string, number>({
    entry: new URL(`data:text/javascript,${encodeURIComponent(source)}`),
    workerData: { factor: 2 },
    threads,
  });

test('jobs wait for a free worker, in their order', async () => {
  const pool = open(2);
  const heard: (string | number)[] = [];
  const onEvent = (event: string): void => void heard.push(event);
  const results = await Promise.all([60, 1, 2, 3].map((job) => pool.run(job, { onEvent })));
  expect(results).toEqual([120, 2, 4, 6]);
  expect(heard).toHaveLength(4);
  expect(await pool.run(5)).toBe(10);
  await pool.close();
});

test('a foreseen failure keeps what it says; others are told as they are', async () => {
  const pool = open(1);
  await expect(pool.run(13)).rejects.toThrow(FunhashError);
  await expect(pool.run(13)).rejects.toThrow(/double: expected luck, got 13/);
  expect(await pool.run(1)).toBe(2);
  await expect(pool.run(14)).rejects.toThrow('unforeseen');
  await pool.close();
});

test('an abort reaches the job under way and takes back those that wait', async () => {
  const pool = open(1);
  const controller = new AbortController();
  const { signal } = controller;
  const [begun, waiting] = [pool.run(60_000, { signal }), pool.run(60_000, { signal })];
  const refused = expect(waiting).rejects.toThrow(/abort/);
  setTimeout(() => controller.abort(), 50);
  expect(await begun).toBe(-1);
  await refused;
  expect(await pool.run(2)).toBe(4);
  await pool.close();
});

test('a closed pool ends what is under way', async () => {
  const pool = open(1);
  const ended = expect(pool.run(60_000)).rejects.toThrow(/ended with code/);
  setTimeout(() => void pool.close(), 50);
  await ended;
});
