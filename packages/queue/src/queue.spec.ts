import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import {
  type Executor,
  inThisThread,
  openFolder,
  type RunEvent,
  readIndex,
  runSpec,
  runStore,
  runSweep,
  sweepSpec,
} from '@funhash/experiments';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { confinedSpec } from './confined-spec.ts';
import { faultOf, queueAddress } from './connection.ts';
import { queueExecutor } from './queue-executor.ts';
import { queueWorker } from './queue-worker.ts';
import { hasRedis, type Redis, redisServer } from './redis.spec-kit.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'funhash-queue-'));
});
afterAll(() => rm(root, { recursive: true }));

describe('an address', () => {
  test.each<[string, object, string]>([
    ['redis://127.0.0.1', {}, 'redis://127.0.0.1:6379/funhash'],
    ['redis://localhost:7000/mine', {}, 'redis://localhost:7000/mine'],
    ['redis://[::1]:7000', {}, 'redis://[::1]:7000/funhash'],
    ['rediss://me:secret@queue.example', {}, 'rediss://queue.example:6379/funhash'],
    ['redis://queue.example', { insecure: true }, 'redis://queue.example:6379/funhash'],
  ])('%s', (text, options, shown) => {
    const address = queueAddress(text, options);
    expect(address.shown).toBe(shown);
    expect('tls' in address.connection).toBe(text.startsWith('rediss'));
  });

  test.each<[string, RegExp]>([
    [
      'redis://me:secret@queue.example',
      /expected TLS, .* got redis:\/\/queue\.example:6379\/funhash.*--insecure/,
    ],
    ['redis://127.0.0.1.example', /expected TLS/],
    ['redis://10.0.0.1', /expected TLS/],
    ['http://127.0.0.1', /redis:\/\/ or rediss:\/\//],
    ['redis secret', /what is no address/],
    ['redis://127.0.0.1/a:b', /a name of letters/],
    ['redis://127.0.0.1?password=secret', /without \?/],
  ])('%s is refused, and no password shown', (text, message) => {
    expect(() => queueAddress(text)).toThrow(message);
    try {
      queueAddress(text);
    } catch (error) {
      expect(inspect(error)).not.toContain('secret');
    }
  });

  test('what the client knows of passwords does not leave it', () => {
    const address = queueAddress('redis://me:secret@127.0.0.1');
    const error = Object.assign(new Error('WRONGPASS invalid username-password pair'), {
      command: { name: 'auth', args: ['me', 'secret'] },
    });
    expect(inspect(faultOf(error, address))).not.toContain('secret');
    expect(faultOf(error, address).message).toContain('WRONGPASS');
  });
});

describe('a run from a queue', () => {
  beforeAll(async () => {
    await mkdir(join(root, 'data'));
    await writeFile(join(root, 'data/own.csv'), 'a,b\n1,2\n');
    await writeFile(join(root, 'secret.csv'), 'a,b\n1,2\n');
    await symlink(join(root, 'secret.csv'), join(root, 'data/link.csv'));
  });

  test('may read what lies in the folder of data', async () => {
    const spec = { data: { name: join(root, 'data/own.csv'), target: 'b' } };
    expect(await confinedSpec(spec, join(root, 'data'))).toEqual(runSpec(spec));
    expect(await confinedSpec({ data: { name: 'rect' } }, join(root, 'data'))).toEqual(
      runSpec({ data: { name: 'rect' } }),
    );
  });

  test.each<[string, () => unknown, RegExp]>([
    ['a file elsewhere', () => ({ data: { name: join(root, 'secret.csv') } }), /below the data folder/],
    ['a way out', () => ({ data: { name: join(root, 'data/../secret.csv') } }), /below the data folder/],
    ['a link out', () => ({ data: { name: join(root, 'data/link.csv') } }), /below the data folder/],
    ['a model elsewhere', () => ({ net: { file: '/etc/passwd' }, epochs: 0 }), /below the data folder/],
    ['a folder of data elsewhere', () => ({ data: { name: 'mnist', dir: '/' } }), /below the data folder/],
    ['what is not there', () => ({ data: { name: 'no/such' } }), /not there/],
    ['an unknown field', () => ({ code: 'process.exit()' }), /code/],
    ['no run', () => 'x', /run/],
    ['nothing', () => undefined, /a run/],
  ])('%s', async (_, spec, message) => {
    await expect(confinedSpec(spec(), join(root, 'data'))).rejects.toThrow(message);
  });
});

const base = {
  data: { name: 'rect', trainCount: 40, validation: 20, testCount: 10 },
  net: { widths: [4], weights: 'hashedNet:1/8' },
  epochs: 2,
  batchSize: 20,
  backend: 'reference',
} as const;

/** Waits until something is so. */
async function until(is: () => Promise<boolean> | boolean): Promise<void> {
  for (let k = 0; k < 1200 && !(await is()); k++) await new Promise((resolve) => setTimeout(resolve, 50));
}

describe.skipIf(!hasRedis)(
  'a queue on redis-server (apt-get install redis-server)',
  { timeout: 60_000 },
  () => {
    let redis: Redis;
    beforeAll(async () => {
      redis = await redisServer();
    });
    afterAll(() => redis?.remove());
    const address = () => queueAddress(`redis://127.0.0.1:${redis.port}/q${sessions}`);
    let sessions = 0;

    async function sweep(name: string, given: object, executor: Executor): Promise<Map<string, unknown>> {
      const folder = await openFolder(join(root, name));
      try {
        const options = {
          sweep: sweepSpec(given),
          folder,
          store: runStore(join(root, name, 'runs')),
          executor,
          atATime: 16,
        };
        for await (const _ of runSweep(options));
      } finally {
        await folder.release();
        await executor.close();
      }
      const outcomes = await readIndex(join(root, name));
      return new Map(outcomes.map(({ hash, seconds: _, number: __, ...outcome }) => [hash, outcome]));
    }

    test('the same results, hash for hash, as in this thread; a poisoned run fails by itself', async () => {
      sessions++;
      const given = {
        base,
        vary: { seed: [0, 1, 2, 3, 4], 'net.weights': ['dense', 'hashedNet:1/8', 'lowRank:1/999'] },
      };
      const here = await sweep('here', given, inThisThread);
      const workers = [0, 1].map((k) =>
        queueWorker({
          address: address(),
          store: join(root, `worker-${k}`),
          executor: inThisThread,
          lockMs: 5000,
        }),
      );
      try {
        const there = await sweep('there', given, queueExecutor({ address: address(), session: 's' }));
        expect(here.size).toBe(15);
        const plain = (outcomes: Map<string, unknown>) =>
          [...outcomes]
            .map(([hash, outcome]) => {
              const { failure, ...rest } = outcome as { failure?: string };
              return [hash, rest, failure !== undefined];
            })
            .sort();
        expect(plain(there)).toEqual(plain(here));
      } finally {
        await Promise.all(workers.map((worker) => worker.close()));
      }
      // What workers with disks of their own found is kept here.
      const [first] = [...here].find(([, outcome]) => (outcome as { error: unknown }).error !== null) ?? [];
      expect(await readdir(join(root, 'there/runs', first as string))).toContain('summary.json');
    });

    test('a worker that leaves in the middle gives its run back, and another goes on bit for bit', async () => {
      sessions++;
      const spec = { ...base, epochs: 6, judge: null };
      const store = join(root, 'shared');
      const model = async (path: string): Promise<Buffer> =>
        readFile(join(runStore(path).folderOf(spec), 'model.safetensors'));
      const executor = queueExecutor({ address: address(), session: 's' });
      // Halts after the second epoch until it is told to stop.
      let halted = false;
      const halting: Executor = {
        run: async function* (request, options) {
          for await (const event of inThisThread.run(request, options)) {
            yield event;
            if (event.type === 'checkpoint' && event.epoch === 2) {
              halted = true;
              await until(() => options?.signal?.aborted ?? false);
            }
          }
        },
        close: async () => {},
      };
      const first = queueWorker({ address: address(), store, executor: halting, lockMs: 3000 });
      const events: RunEvent[] = [];
      const done = (async () => {
        for await (const event of executor.run(spec)) events.push(event);
      })();
      await until(() => halted);
      await first.close();
      const second = queueWorker({ address: address(), store, executor: inThisThread, lockMs: 3000 });
      await done;
      await second.close();
      await executor.close();
      expect(events.at(-1)?.type).toBe('result');
      for await (const _ of runStore(join(root, 'alone')).run(spec));
      expect(await model(store)).toEqual(await model(join(root, 'alone')));
    });

    test('a worker that is killed in the middle is taken over from its last checkpoint, bit for bit', {
      timeout: 120_000,
    }, async () => {
      sessions++;
      const spec = { ...base, epochs: 60, judge: null };
      const store = join(root, 'killed-worker');
      const folder = runStore(store).folderOf(spec);
      const epochs = async (path: string): Promise<number> =>
        (await readFile(join(path, 'metrics.jsonl'), 'utf8').catch(() => '')).split('\n').length - 1;
      const script = `
        const { queueAddress, queueWorker } = await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)});
        const address = queueAddress(${JSON.stringify(`redis://127.0.0.1:${redis.port}/q${sessions}`)});
        const { inThisThread } = await import(${JSON.stringify(new URL('../../experiments/src/index.ts', import.meta.url).href)});
        const executor = { close: async () => {}, run: async function* (spec, options) {
          for await (const event of inThisThread.run(spec, options)) {
            yield event;
            // Long enough to be killed in the middle.
            if (event.type === 'epoch') await new Promise((resolve) => setTimeout(resolve, 30));
          }
        } };
        queueWorker({ address, store: ${JSON.stringify(store)}, lockMs: 2000, executor });`;
      const child = spawn(
        process.execPath,
        ['--conditions=@funhash/source', '--import', 'tsx', '--input-type=module', '--eval', script],
        { stdio: 'ignore' },
      );
      const executor = queueExecutor({ address: address(), session: 's' });
      const events: RunEvent[] = [];
      const done = (async () => {
        for await (const event of executor.run(spec)) events.push(event);
      })();
      await until(async () => (await epochs(folder)) >= 5);
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('exit', resolve));
      const before = await epochs(folder);
      expect(before).toBeLessThan(60);
      const went: number[] = [];
      const second = queueWorker({
        address: address(),
        store,
        lockMs: 2000,
        executor: {
          run: async function* (request, options) {
            for await (const event of inThisThread.run(request, options)) {
              if (event.type === 'start') went.push(event.epoch);
              yield event;
            }
          },
          close: async () => {},
        },
      });
      await done;
      await Promise.all([second.close(), executor.close()]);
      expect(events.at(-1)?.type).toBe('result');
      // Not from the beginning: from the last whole checkpoint. On a busy machine it may lose its own lock, and go on as well.
      expect(went[0]).toBeGreaterThanOrEqual(before - 1);
      for await (const _ of runStore(join(root, 'alone')).run(spec));
      const alone = runStore(join(root, 'alone')).folderOf(spec);
      for (const file of ['model.safetensors', 'checkpoint.safetensors'])
        expect(await readFile(join(folder, file))).toEqual(await readFile(join(alone, file)));
    });

    test('a server that is killed and comes back loses nothing', async () => {
      sessions++;
      const given = { base: { ...base, epochs: 1 }, vary: { seed: [0, 1, 2, 3, 4, 5, 6, 7] } };
      const worker = queueWorker({
        address: address(),
        store: join(root, 'after-kill'),
        executor: inThisThread,
        lockMs: 3000,
      });
      const swept = sweep('killed', given, queueExecutor({ address: address(), session: 's' }));
      await until(async () => (await readIndex(join(root, 'killed'))).length > 0);
      await redis.kill();
      await redis.start();
      expect((await swept).size).toBe(8);
      await worker.close();
    });

    test('hostile jobs fail, and the worker goes on', async () => {
      sessions++;
      const { name, connection } = address();
      const queue = new Queue(name, { connection });
      const jobs = [
        { spec: { net: { file: '/etc/passwd' }, epochs: 0, data: null, judge: null } },
        { spec: 7 },
        'x',
      ];
      const worker = queueWorker({
        address: address(),
        store: join(root, 'hostile'),
        executor: inThisThread,
        dataRoot: root,
      });
      for (const [k, data] of jobs.entries()) await queue.add('run', data, { jobId: `h${k}` });
      await until(async () => (await queue.getFailedCount()) === 3);
      expect(await queue.getFailedCount()).toBe(3);
      const executor = queueExecutor({ address: address(), session: 's' });
      const events: RunEvent[] = [];
      for await (const event of executor.run({ ...base, epochs: 1 })) events.push(event);
      expect(events.at(-1)?.type).toBe('result');
      await Promise.all([executor.close(), worker.close(), queue.close()]);
    });

    test('no server is told in time, without a password', async () => {
      const nowhere = queueAddress('redis://me:secret@127.0.0.1:1/none');
      const executor = queueExecutor({ address: nowhere, session: 's', patienceMs: 300 });
      const run = (async () => {
        for await (const _ of executor.run(base));
      })();
      const error = await run.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(inspect(error)).toMatch(/a server at redis:\/\/127\.0\.0\.1:1\/none/);
      expect(inspect(error)).not.toContain('secret');
      await executor.close();
    });
  },
);
