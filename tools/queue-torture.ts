// Sweeps through a queue whose workers and server are killed at random: every run comes back once, with the result of this
// thread. `node --conditions=@funhash/source --import tsx tools/queue-torture.ts --jobs 200 --kills 50`; needs redis-server.
// With --kills 0 it tells what a job takes more than in threads of this process, by the clock and by the time of the cores; some
// jobs before warm both up. --json prints numbers alone.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  type Executor,
  indexFile,
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
    // Seconds between kills, on average.
    every: { type: 'string', default: '1.75' },
    json: { type: 'boolean', default: false },
  },
});
const [jobs, kills, workers, epochs, seed, every] = [
  values.jobs,
  values.kills,
  values.workers,
  values.epochs,
  values.seed,
  values.every,
].map(Number) as [number, number, number, number, number, number];

const root = await mkdtemp(join(tmpdir(), 'funhash-torture-'));
const sweepOf = (count: number, from = 0) =>
  sweepSpec({
    base: {
      data: { name: 'rect', trainCount: 200, validation: 50, testCount: 10 },
      net: { widths: [16], weights: 'hashedNet:1/8' },
      epochs,
      batchSize: 20,
      backend: 'reference',
    },
    vary: { seed: Array.from({ length: count }, (_, k) => from + k) },
  });

interface SweptRuns {
  readonly outcomes: ReadonlyMap<string, string>;
  /** Results that came, each counted as often as it did. */
  readonly told: number;
}

async function carryOut(
  name: string,
  executor: Executor,
  atATime: number,
  sweep = sweepOf(jobs),
): Promise<SweptRuns> {
  const folder = await openFolder(join(root, name));
  try {
    const store = runStore(join(root, name, 'runs'));
    for await (const _ of runSweep({ sweep, folder, store, executor, atATime }));
  } finally {
    await folder.release();
  }
  const outcomes = await readIndex(join(root, name));
  const lines = (await readFile(join(root, name, indexFile), 'utf8')).trim().split('\n');
  return {
    told: lines.length,
    outcomes: new Map(
      outcomes.map(({ hash, error, bytes, failure }) => [hash, JSON.stringify({ error, bytes, failure })]),
    ),
  };
}

/** Seeds of runs that no other sweep has. */
const spare = 1_000_000;
const warmUp = (name: string, executor: Executor) =>
  carryOut(name, executor, workers, sweepOf(2 * workers, spare));

/** Seconds of a core that a process of Linux has had, its threads included. */
async function coreSeconds(pid: number | 'self' | undefined): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = 100;
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / ticks;
}

const coresOfAll = async (): Promise<number> => {
  const all = await Promise.all(['self' as const, ...children.map((child) => child?.pid)].map(coreSeconds));
  return all.reduce((sum, seconds) => sum + seconds, 0);
};

const seconds = async <T>(work: () => Promise<T>): Promise<[T, wall: number, cores: number]> => {
  const [begun, cores] = [performance.now(), await coresOfAll()];
  const result = await work();
  return [result, (performance.now() - begun) / 1000, (await coresOfAll()) - cores];
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
  const local = kills > 0 ? inThisThread : threadExecutor({ threads: workers });
  if (kills === 0) await warmUp('warm here', local);
  const [here, alone, aloneCores] = await seconds(() => carryOut('here', local, kills > 0 ? 1 : workers));
  await local.close();
  for (let k = 0; k < workers; k++) startWorker(k);
  // Their start is not what is measured.
  for (let before = -1, now = 0; now - before > 0.02; ) {
    await new Promise((resolve) => setTimeout(resolve, 3000));
    [before, now] = [now, await coresOfAll()];
  }
  const draw = random(seed);
  let [killed, servers, done] = [0, 0, false];
  const killing = (async () => {
    while (killed < kills && !done) {
      await new Promise((resolve) => setTimeout(resolve, 1000 * every * (0.3 + 1.4 * draw.uniform())));
      if (done) break;
      killed++;
      const which = draw.integer(workers + 1);
      if (which === workers) {
        servers++;
        await redis.kill();
        await new Promise((resolve) => setTimeout(resolve, 300));
        await redis.start();
      } else {
        children[which]?.kill('SIGKILL');
        startWorker(which);
      }
    }
  })();
  const queue = queueExecutor({ address, session: 't' });
  if (kills === 0) await warmUp('warm there', queue);
  const [there, queued, queuedCores] = await seconds(() => carryOut('there', queue, 64));
  await queue.close();
  done = true;
  await killing;
  const same = [...here.outcomes].filter(([hash, outcome]) => there.outcomes.get(hash) === outcome).length;
  const reference = kills > 0 ? 'this thread' : `${workers} threads`;
  const perJob = (from: number, to: number): string => ((1000 * (to - from)) / jobs).toFixed(1);
  if (values.json)
    console.log(
      JSON.stringify({ workers, jobs, same, told: there.told, alone, aloneCores, queued, queuedCores }),
    );
  else
    console.log(
      `${there.told} results of ${jobs}, ${there.outcomes.size} different, ${same} equal to those of ${reference}; ` +
        `${killed} kills, ${servers} of them of the server\n` +
        `${alone.toFixed(1)} s (${aloneCores.toFixed(1)} s of cores) here, ${queued.toFixed(1)} s (${queuedCores.toFixed(1)}) by ${workers} workers` +
        (kills > 0
          ? ''
          : `: ${perJob(alone, queued)} ms a job more by the clock, ${perJob(aloneCores, queuedCores)} ms by the cores`) +
        `; load ${loadavg()[0]?.toFixed(1)}`,
    );
  process.exitCode = same === jobs && there.told === jobs ? 0 : 1;
} finally {
  for (const child of children) child?.kill('SIGKILL');
  await redis.remove();
  await rm(root, { recursive: true, force: true });
}
