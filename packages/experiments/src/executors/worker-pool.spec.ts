import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { FunhashError } from '@funhash/hashing';
import { expect, test } from 'vitest';
import { WorkerError, workerPool } from './worker-pool.ts';

// Doubles numbers, after as many milliseconds; fails at 13 as foreseen, at 14 otherwise, and ends at 15; told to abort, it answers -1.
const source = `
import { parentPort, workerData } from 'node:worker_threads';
let timer;
parentPort.on('message', (order) => {
  if (order.type === 'abort') { clearTimeout(timer); return parentPort.postMessage({ type: 'done', result: -1 }); }
  const { job } = order;
  timer = setTimeout(() => {
    if (job === 13) return parentPort.postMessage({ type: 'failed', error: new Error('no'), details: { operation: 'double', expected: 'luck', actual: '13' } });
    if (job === 14) throw new Error('unforeseen');
    if (job === 15) process.exit(7);
    if (job === 16) for (const all = [];;) all.push(new Array(1e6).fill(0.5));
    parentPort.postMessage({ type: 'event', event: 'half' });
    parentPort.postMessage({ type: 'done', result: job * workerData.factor });
  }, job);
});`;

const entry = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
const open = (threads: number) =>
  workerPool<number, string, number>({
    entry,
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
  const ended = expect(pool.run(60_000)).rejects.toThrow(/an open pool, got one that was closed/);
  const waiting = expect(pool.run(1)).rejects.toThrow(WorkerError);
  setTimeout(() => void pool.close(), 50);
  await ended;
  await waiting;
  await expect(pool.run(1)).rejects.toThrow(WorkerError);
});

test.each<[string, number, RegExp]>([
  ['throws what nobody foresaw', 14, /unforeseen/],
  ['ends', 15, /a result, got its end, with code 7/],
  ['has no memory left', 16, /no memory left.*fewer threads/],
])('a worker that %s fails its job; those that wait and that come get another', async (_, job, message) => {
  const pool = open(1);
  const [dying, waiting] = [pool.run(job), pool.run(3)];
  await expect(dying).rejects.toThrow(message);
  expect(await waiting).toBe(6);
  expect(await Promise.all([4, 5].map((one) => pool.run(one)))).toEqual([8, 10]);
  await pool.close();
});

test('what cannot be sent to a worker fails, and the worker goes on', async () => {
  const pool = open(1);
  await expect(pool.run((() => 1) as unknown as number)).rejects.toThrow(/could not be cloned/);
  expect(await pool.run(2)).toBe(4);
  await pool.close();
});

test('a pool that nobody closed keeps no process alive', async () => {
  const pool = new URL('./worker-pool.ts', import.meta.url).href;
  const script = `
    import { WorkerError, workerPool } from ${JSON.stringify(pool)};
    const pool = workerPool(${JSON.stringify({ entry: entry.href, workerData: { factor: 2 }, threads: 2 })});
    console.log(await Promise.all([1, 2, 3].map((job) => pool.run(job))));`.replace(
    JSON.stringify(entry.href),
    `new URL(${JSON.stringify(entry.href)})`,
  );
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      '--conditions=@funhash/source',
      '--import',
      import.meta.resolve('tsx'),
      '--input-type=module',
      '-e',
      script,
    ],
    { timeout: 30_000 },
  );
  expect(stdout).toBe('[ 2, 4, 6 ]\n');
});
