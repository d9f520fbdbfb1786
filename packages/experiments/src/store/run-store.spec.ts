import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { threadExecutor } from '../executors/thread-executor.ts';
import { workerPool } from '../executors/worker-pool.ts';
import type { RunEvent } from '../run/run-event.ts';
import { eventsOf, lastOf, tinyRun } from '../run/tiny-run.spec-kit.ts';
import type { RunRequest } from '../spec/run-spec.ts';
import { readMetrics } from './metrics.ts';
import { FolderBusyError, ownershipOf, releaseOf, takeOwnership } from './owner.ts';
import { type ProcessIdentity, thisProcess } from './process-identity.ts';
import { newFolder, newFolderIn, openFolder, runFiles } from './run-folder.ts';
import { runStore, storedRuns } from './run-store.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'funhash-store-'));
});
afterAll(() => rm(root, { recursive: true }));

type Line = RunEvent | { readonly type: 'refused'; readonly name: string };

const loader = ['--conditions=@funhash/source', '--import', import.meta.resolve('tsx')];

/** Carries out runs in a process of its own; `onLine` may end it. */
function inProcess(
  path: string,
  requests: readonly RunRequest[],
  onLine?: (line: Line, kill: () => void) => void,
): Promise<Line[]> {
  const script = fileURLToPath(new URL('../run/run-tiny.spec-kit.ts', import.meta.url));
  const child = spawn(process.execPath, [...loader, script, path, JSON.stringify(requests)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: Line[] = [];
  createInterface(child.stdout).on('line', (text) => {
    const line = JSON.parse(text) as Line;
    lines.push(line);
    onLine?.(line, () => child.kill('SIGKILL'));
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve(lines));
  });
}

const seeded = (seed: number): RunRequest => ({ ...tinyRun, epochs: 1, seed });
const seeds = (count: number): number[] => Array.from({ length: count }, (_, k) => k);

test('20 runs started together end in 20 folders, each named by its spec', async () => {
  const store = runStore(join(root, 'together'));
  const all = await Promise.all(seeds(20).map((seed) => eventsOf(store.run(seeded(seed)))));
  for (const events of all) expect(lastOf(events, 'result')).toBeDefined();
  const expected = seeds(20).map((seed) => store.folderOf(seeded(seed)));
  expect(new Set(expected).size).toBe(20);
  expect((await storedRuns(store.path)).map(({ path }) => path)).toEqual([...expected].sort());
});

test('20 folders claimed together by one name are 20 folders; one path is claimed by one', async () => {
  const parent = join(root, 'names');
  const folders = await Promise.all(seeds(20).map(() => newFolderIn(parent, 'train-now')));
  expect(new Set(folders.map(({ path }) => path)).size).toBe(20);
  const claims = await Promise.allSettled(seeds(20).map(() => newFolder(join(parent, 'mine'))));
  expect(claims.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test('one spec started 20 times at once has one owner; finished, it gives its result at once', async () => {
  const store = runStore(join(root, 'once'));
  const starts = await Promise.allSettled(seeds(20).map(() => eventsOf(store.run(seeded(1)))));
  const refused = starts.flatMap((start) => (start.status === 'rejected' ? [start.reason] : []));
  expect(refused).toHaveLength(19);
  for (const error of refused) expect(error).toBeInstanceOf(FolderBusyError);
  const again = await eventsOf(store.run(seeded(1)));
  expect(again.map(({ type }) => type)).toEqual(['result']);
});

test('processes that start the same specs at once: each spec has one owner', async () => {
  const path = join(root, 'processes');
  const requests = seeds(7).map((seed) => ({ ...tinyRun, seed, epochs: 8 }));
  const processes = await Promise.all(seeds(3).map(() => inProcess(path, requests)));
  const lines = processes.flat();
  expect(lines.filter(({ type }) => type === 'start')).toHaveLength(7);
  expect(lines.filter(({ type }) => type === 'result').length).toBeGreaterThanOrEqual(7);
  for (const line of lines) if (line.type === 'refused') expect(line.name).toBe('FolderBusyError');
  const runs = await storedRuns(path);
  expect(runs.map(({ state }) => state)).toEqual(new Array(7).fill('finished'));
  for (const { path: folder } of runs)
    expect((await readMetrics(folder)).epochs.map(({ epoch }) => epoch)).toEqual(seeds(8).map((k) => k + 1));
});

test('a run that was killed goes on, and ends with the bits of one that was not', async () => {
  const run = { ...tinyRun, epochs: 25 };
  const [whole, killed] = [runStore(join(root, 'whole')), runStore(join(root, 'killed'))];
  const lines = await inProcess(killed.path, [run], (line, kill) => {
    if (line.type === 'epoch' && line.epoch === 3) kill();
  });
  expect(lines.some(({ type }) => type === 'result')).toBe(false);
  expect(await storedRuns(killed.path)).toMatchObject([{ state: 'abandoned', result: undefined }]);
  const resumed = await eventsOf(killed.run(run));
  expect(resumed[0]).toMatchObject({ type: 'start' });
  expect(lastOf(resumed, 'start')?.epoch).toBeGreaterThanOrEqual(2);
  await eventsOf(whole.run(run));
  for (const name of [runFiles.model, runFiles.checkpoint, runFiles.result])
    expect(await readFile(join(killed.folderOf(run), name))).toEqual(
      await readFile(join(whole.folderOf(run), name)),
    );
  expect((await readMetrics(killed.folderOf(run))).epochs.map(({ epoch }) => epoch)).toEqual(
    seeds(25).map((k) => k + 1),
  );
});

test('in threads, too, a folder that another has is busy; one of a thread that died is free', async () => {
  const store = runStore(join(root, 'threads'));
  const executor = threadExecutor({ threads: 1 });
  const folder = store.folderOf(seeded(1));
  const release = await openFolder(folder);
  await expect(eventsOf(store.run(seeded(1), { executor }))).rejects.toBeInstanceOf(FolderBusyError);
  await release.release();
  await mkdir(folder, { recursive: true });
  const script = `
    import { parentPort, workerData } from 'node:worker_threads';
    const { register } = await import(workerData.loader);
    register();
    const { takeOwnership } = await import(workerData.owner);
    parentPort.on('message', async ({ job }) => { await takeOwnership(job); process.exit(3); });`;
  const pool = workerPool<string, never, null>({
    entry: new URL(`data:text/javascript,${encodeURIComponent(script)}`),
    workerData: {
      loader: import.meta.resolve('tsx/esm/api'),
      owner: new URL('./owner.ts', import.meta.url).href,
    },
    threads: 1,
  });
  await expect(pool.run(folder, { onDeath: (thread) => releaseOf(folder, thread) })).rejects.toThrow(
    'code 3',
  );
  expect(await ownershipOf(folder)).toEqual({ state: 'free' });
  await expect(pool.run(folder)).rejects.toThrow('code 3');
  expect(await ownershipOf(folder)).toMatchObject({ state: 'busy' });
  await Promise.all([pool.close(), executor.close()]);
});

test('threads give the bits of this thread, and an abort leaves a run that goes on', async () => {
  const executor = threadExecutor({ threads: 2 });
  const [here, there] = [runStore(join(root, 'here')), runStore(join(root, 'there'))];
  const run = { ...tinyRun, epochs: 60 };
  const controller = new AbortController();
  for await (const event of there.run(run, { executor, signal: controller.signal }))
    if (event.type === 'epoch' && event.epoch === 1) controller.abort();
  expect(await storedRuns(there.path)).toMatchObject([{ state: 'stopped' }]);
  const events = await eventsOf(there.run(run, { executor }));
  expect(lastOf(events, 'start')?.step).toBeGreaterThan(0);
  await eventsOf(here.run(run));
  expect(await readFile(join(there.folderOf(run), runFiles.model))).toEqual(
    await readFile(join(here.folderOf(run), runFiles.model)),
  );
  // Refused here, with the class of the error and before a thread has it.
  await expect(eventsOf(executor.run({ epochs: -1 }))).rejects.toThrow(/epochs/);
  await expect(eventsOf(executor.run({ ...tinyRun, data: { name: 'nowhere' } }))).rejects.toThrow(/nowhere/);
  await executor.close();
});

test('200 folders claimed together by processes, by one name, are 200 folders', async () => {
  const parent = join(root, 'claimed');
  const script = fileURLToPath(new URL('./claim-folders.spec-kit.ts', import.meta.url));
  const outputs = await Promise.all(
    seeds(4).map(() => promisify(execFile)(process.execPath, [...loader, script, parent, '50'])),
  );
  const paths = outputs.flatMap(({ stdout }) => stdout.trim().split('\n'));
  expect(new Set(paths).size).toBe(200);
  expect(await readdir(parent)).toHaveLength(200);
  for (const path of paths) expect(await readFile(join(path, 'mine.txt'), 'utf8')).toMatch(/^\d+$/);
});

describe('who owns a folder', () => {
  const dead = { pid: 2 ** 22 + 1, host: hostname(), began: 0 };
  const folderWith = async (name: string, owner: object | string): Promise<string> => {
    const path = join(root, name);
    await mkdir(path);
    await writeFile(join(path, 'owner-1.json'), typeof owner === 'string' ? owner : JSON.stringify(owner));
    return path;
  };

  test('of 20 heirs of a dead owner one wins', async () => {
    const path = await folderWith('heirs', dead);
    const claims = await Promise.allSettled(seeds(20).map(() => takeOwnership(path)));
    const won = claims.flatMap((claim) => (claim.status === 'fulfilled' ? [claim.value] : []));
    expect(won).toHaveLength(1);
    for (const claim of claims)
      if (claim.status === 'rejected') expect(claim.reason).toBeInstanceOf(FolderBusyError);
    await won[0]?.();
    expect(await readdir(path)).toEqual([]);
  });

  test.each<[string, object | string]>([
    ['a living process', { pid: process.ppid, host: hostname(), began: 0 }],
    ['another machine', { ...dead, host: 'elsewhere' }],
    ['one that is just writing its name', ''],
    ['what names no process', { ...dead, pid: 'all' }],
    ['a machine without an end', { ...dead, host: 'h'.repeat(5000) }],
    ['a time that is none', { ...dead, host: 'elsewhere', began: 1e300 }],
    ['the process 0, which is every one', { ...dead, pid: 0 }],
  ])('%s keeps it', async (name, owner) => {
    const path = await folderWith(name.replaceAll(' ', '-'), owner);
    await expect(takeOwnership(path)).rejects.toThrow(FolderBusyError);
    await expect(takeOwnership(path)).rejects.toThrow(/owner-1\.json/);
  });

  describe('by what /proc says', () => {
    let here: ProcessIdentity;
    let parent: ProcessIdentity;
    beforeAll(async () => {
      here = await thisProcess();
      const stat = await readFile(`/proc/${process.ppid}/stat`, 'utf8');
      const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
      parent = { ...here, pid: process.ppid, proc: here.proc && { ...here.proc, ticks } };
    });

    test('a living process, and one in another container, keep it', async () => {
      const elsewhere = { ...parent, proc: parent.proc && { ...parent.proc, space: 'pid:[1]' } };
      for (const [k, owner] of [parent, here, elsewhere].entries()) {
        const path = await folderWith(`proc-${k}`, owner);
        expect(await ownershipOf(path)).toMatchObject({
          state: 'busy',
          owner: expect.stringMatching(/^process \d+ of/),
        });
        await expect(takeOwnership(path)).rejects.toThrow(FolderBusyError);
      }
    });

    test('a number that another process has now and an earlier start of the machine do not', async () => {
      const { ticks = 0 } = parent.proc ?? {};
      const reborn = { ...parent, proc: parent.proc && { ...parent.proc, ticks: ticks + 1 } };
      const before = { ...parent, proc: parent.proc && { ...parent.proc, boot: 'earlier' } };
      for (const [k, owner] of [reborn, before].entries()) {
        const path = await folderWith(`gone-${k}`, owner);
        expect(await ownershipOf(path)).toEqual({ state: 'abandoned' });
        await (await takeOwnership(path))();
        expect(await ownershipOf(path)).toEqual({ state: 'free' });
      }
    });
  });

  test('a process of an earlier start with the same number is dead', async () => {
    const path = await folderWith('reborn', { pid: process.pid, host: hostname(), began: 0 });
    await (await takeOwnership(path))();
    expect(await readdir(path)).toEqual([]);
  });
});
