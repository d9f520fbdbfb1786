// Sweeps through a queue whose workers and server are killed at random: every run comes back once, with the result of this
// thread. `node --conditions=@funhash/source --import tsx tools/queue-torture.ts --jobs 200 --kills 50`; needs redis-server.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  type Executor,
  inThisThread,
  openFolder,
  readIndex,
  runStore,
  runSweep,
  sweepSpec,
  threadExecutor,
} from '@funhash/experiments';
import { random } from '@funhash/hashing';
import { queueAddress, queueExecutor } from '@funhash/queue';
import { redisServer } from '../packages/queue/src/redis.spec-kit.ts';

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '200' },
    kills: { type: 'string', default: '50' },
    workers: { type: 'string', default: '2' },
    epochs: { type: 'string', default: '20' },
    seed: { type: 'string', default: '0' },
  },
});
const [jobs, kills, workers, epochs, seed] = [
  values.jobs,
  values.kills,
  values.workers,
  values.epochs,
  values.seed,
].map(Number) as [...[number, number, number, number, number]];

const root = await mkdtemp(join(tmpdir(), 'funhash-torture-'));
const sweep = sweepSpec({
  base: {
    data: { name: 'rect', trainCount: 200, validation: 50, testCount: 10 },
    net: { widths: [16], weights: 'hashedNet:1/8' },
    epochs,
    batchSize: 20,
    backend: 'reference',
  },
  vary: { seed: Array.from({ length: jobs }, (_, k) => k) },
});

async function carryOut(name: string, executor: Executor, atATime: number): Promise<Map<string, string>> {
  const folder = await openFolder(join(root, name));
  try {
    const store = runStore(join(root, name, 'runs'));
    for await (const _ of runSweep({ sweep, folder, store, executor, atATime }));
  } finally {
    await folder.release();
    await executor.close();
  }
  const outcomes = await readIndex(join(root, name));
  return new Map(
    outcomes.map(({ hash, error, bytes, failure }) => [hash, JSON.stringify({ error, bytes, failure })]),
  );
}

const seconds = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
  const begun = performance.now();
  return [await work(), (performance.now() - begun) / 1000];
};

const redis = await redisServer();
const address = queueAddress(`redis://127.0.0.1:${redis.port}`);
const children: (ChildProcess | undefined)[] = [];
const startWorker = (k: number): void => {
  children[k] = spawn(
    process.execPath,
    [
      '--conditions=@funhash/source',
      '--import',
      'tsx',
      'packages/cli/src/bin.ts',
      'worker',
      '--queue',
      `redis://127.0.0.1:${redis.port}`,
      '--threads',
      '1',
      '--store',
      join(root, 'store'),
      '--lock',
      '3000',
    ],
    { stdio: 'ignore' },
  );
};

try {
  const [here, alone] = await seconds(() =>
    carryOut(
      'here',
      kills > 0 ? inThisThread : threadExecutor({ threads: workers }),
      kills > 0 ? 1 : workers,
    ),
  );
  for (let k = 0; k < workers; k++) startWorker(k);
  // Their start is not what is measured.
  await new Promise((resolve) => setTimeout(resolve, 8000));
  const draw = random(seed);
  let [killed, done] = [0, false];
  const killing = (async () => {
    while (killed < kills && !done) {
      await new Promise((resolve) => setTimeout(resolve, 500 + draw.integer(2500)));
      if (done) break;
      killed++;
      const which = draw.integer(workers + 1);
      if (which === workers) {
        await redis.kill();
        await new Promise((resolve) => setTimeout(resolve, 300));
        await redis.start();
      } else {
        children[which]?.kill('SIGKILL');
        startWorker(which);
      }
    }
  })();
  const [there, queued] = await seconds(() =>
    carryOut('there', queueExecutor({ address, session: 't' }), 64),
  );
  done = true;
  await killing;
  const same = [...here].filter(([hash, outcome]) => there.get(hash) === outcome).length;
  console.log(
    `${there.size} results of ${jobs}, ${same} equal to those of ${kills > 0 ? 'this thread' : `${workers} threads`}; ${killed} kills; ` +
      `${alone.toFixed(1)} s here, ${queued.toFixed(1)} s by ${workers} workers`,
  );
  process.exitCode = same === jobs && there.size === jobs ? 0 : 1;
} finally {
  for (const child of children) child?.kill('SIGKILL');
  await redis.remove();
  await rm(root, { recursive: true, force: true });
}
