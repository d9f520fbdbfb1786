import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { loadMnist, loadPngFolder } from '@funhash/datasets';
import { openFolder, storedRuns } from '@funhash/experiments';
import { FunhashError, type Random } from '@funhash/hashing';
import { Dense, load, Sequential } from '@funhash/layers';
import { readCheckpoint } from '@funhash/training';
import { funhash, type StartOptions } from '../children.ts';
import { controlIn } from '../control.ts';
import { requireRefusal, requireSuccess, tinyRuns } from '../tiny-runs.ts';
import { demand, type Trial } from '../trial.ts';

/** Paths of every kind: long, gone, of folders where files are asked, links that lead nowhere, pipes and devices. */
export const names: Trial = {
  name: 'names',
  summary:
    'long names, vanished folders, links, pipes and devices as paths: done, or a typed error, within 30 s',
  tries: 120,
  run: (work) =>
    work.attempts(async (index, draw) => {
      const folder = join(work.folder, `names-${index}`);
      mkdirSync(folder);
      const kinds = Object.values(of);
      await (kinds[index % kinds.length] as Attempt)(folder, draw);
      rmSync(folder, { recursive: true, force: true });
      return undefined;
    }),
};

type Attempt = (folder: string, draw: Random) => Promise<void>;

const small = (): Sequential => new Sequential([new Dense({ in: 2, out: 2 })]);

/** @throws LossError unless something succeeds or is refused by a typed error; true for success */
async function doneOrTyped(what: string, doing: () => Promise<unknown>): Promise<boolean> {
  const waiting = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), 30_000).unref());
  try {
    demand((await Promise.race([doing(), waiting])) !== 'late', `${what}: no end`);
    return true;
  } catch (error) {
    demand(error instanceof FunhashError, `${what}: untyped ${error}`, `${what}: untyped`);
    return false;
  }
}

const quick: StartOptions = { timeoutMs: 60_000 };

const of = {
  deepPath,
  folderAsFile,
  fileAsFolder,
  longName,
  links,
  devices,
  vanishedRun,
  commands,
  hostileNames,
} satisfies Record<string, Attempt>;

/** Every name that the file system takes is taken, and no longer one. */
async function longName(folder: string, draw: Random): Promise<void> {
  const letter = ['a', 'é', '€', '😀'][draw.integer(4)] as string;
  const width = Buffer.byteLength(letter);
  for (const bytes of [1 + draw.integer(254), 230 + draw.integer(26), 255]) {
    const name = letter.repeat(Math.floor(bytes / width)).padEnd(1, 'a');
    const path = join(folder, name);
    const isSaved = await doneOrTyped(`save to a name of ${Buffer.byteLength(name)} bytes`, () =>
      small().save(path),
    );
    demand(isSaved, `a name of ${Buffer.byteLength(name)} bytes was refused`, 'a legal name was refused');
    await small().save(path);
    await load(path);
  }
  const path = join(folder, 'a'.repeat(256 + draw.integer(5000)));
  demand(
    !(await doneOrTyped('save to a name that is too long', () => small().save(path))),
    'too long, and saved',
  );
  await doneOrTyped('load from a name that is too long', () => load(path));
}

async function deepPath(folder: string): Promise<void> {
  const path = join(folder, ...Array<string>(40).fill('x'.repeat(200)), 'model.safetensors');
  await doneOrTyped('save to a path of 8000 bytes', () => small().save(path));
  await doneOrTyped('load from a path of 8000 bytes', () => load(path));
  await doneOrTyped('open a folder at a path of 8000 bytes', async () => (await openFolder(path)).release());
  for (const path of ['', 'nul\0nul', '\u009b'])
    await doneOrTyped(`load ${JSON.stringify(path)}`, () => load(path));
  await doneOrTyped('save to a name with a zero byte', () => small().save(join(folder, 'a\0b')));
}

async function folderAsFile(folder: string): Promise<void> {
  const path = join(folder, 'model.safetensors');
  mkdirSync(path);
  demand(!(await doneOrTyped('save over a folder', () => small().save(path))), 'saved over a folder');
  await doneOrTyped('load a folder', () => load(path));
  await doneOrTyped('read a folder as a checkpoint', () => readCheckpoint(path));
  const idx = join(folder, 'idx');
  for (const name of ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte'])
    mkdirSync(join(idx, name), { recursive: true });
  await doneOrTyped('load data whose files are folders', () => loadMnist({ dir: idx, verify: false }));
  mkdirSync(join(folder, 'pngs', 'a.png'), { recursive: true });
  await doneOrTyped('load pictures that are folders', () => loadPngFolder(join(folder, 'pngs')));
  const run = join(folder, 'run');
  for (const name of ['spec.json', 'metrics.jsonl', 'summary.json', 'owner-1.json'])
    mkdirSync(join(run, name), { recursive: true });
  await doneOrTyped('list a run whose files are folders', () => storedRuns(folder));
  await doneOrTyped('open a run whose owner is a folder', async () => (await openFolder(run)).release());
}

async function fileAsFolder(folder: string): Promise<void> {
  const file = join(folder, 'file');
  writeFileSync(file, 'x');
  await doneOrTyped('save below a file', () => small().save(join(file, 'model.safetensors')));
  await doneOrTyped('load below a file', () => load(join(file, 'model.safetensors')));
  await doneOrTyped('data in a file', () => loadMnist({ dir: file, verify: false }));
  await doneOrTyped('pictures in a file', () => loadPngFolder(file));
  await doneOrTyped('runs in a file', () => storedRuns(file));
  await doneOrTyped('open a file as a run', async () => (await openFolder(file)).release());
  requireRefusal(
    await funhash(['train', ...(tinyRuns[0] as readonly string[]), '--out', file], quick),
    'a run into a file',
  );
  demand(readFileSync(file, 'utf8') === 'x', 'the file was changed');
}

async function links(folder: string): Promise<void> {
  const [target, link] = [join(folder, 'target.safetensors'), join(folder, 'link.safetensors')];
  // A link that leads nowhere yet: what is saved lies where it leads, or nothing is saved.
  symlinkSync('target.safetensors', link);
  const isSaved = await doneOrTyped('save through a dangling link', () => small().save(link));
  demand(lstatSync(link).isSymbolicLink(), 'a save replaced a link');
  if (isSaved) demand(existsSync(target), 'a save through a link is not where it leads');
  await small().save(target);
  await small().save(link);
  demand(lstatSync(link).isSymbolicLink() && lstatSync(target).isFile(), 'a save replaced a link to a file');
  await load(link);
  // Loops.
  symlinkSync('b', join(folder, 'a'));
  symlinkSync('a', join(folder, 'b'));
  demand(
    !(await doneOrTyped('save into a loop of links', () => small().save(join(folder, 'a')))),
    'saved into a loop',
  );
  await doneOrTyped('load from a loop of links', () => load(join(folder, 'a')));
  symlinkSync('nowhere.png', join(folder, 'dangling.png'));
  await doneOrTyped('pictures with a dangling link', () => loadPngFolder(folder));
  symlinkSync('..', join(folder, 'up'));
  await doneOrTyped('runs below a loop', () => storedRuns(folder));
}

async function devices(folder: string): Promise<void> {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  // Without a writer, opening a pipe waits for one: in this process a thread would wait for ever.
  for (const path of ['/dev/zero', '/dev/null']) {
    await doneOrTyped(`load ${path}`, () => load(path));
    await doneOrTyped(`read ${path} as a checkpoint`, () => readCheckpoint(path));
  }
  const model = join(folder, 'model.safetensors');
  await small().save(model);
  for (const input of ['/dev/zero', '/dev/null', pipe])
    requireRefusal(
      await funhash(['predict', '--model', model, '--input', input], quick),
      `predict from ${input === pipe ? 'a pipe' : input}`,
    );
  requireRefusal(await funhash(['inspect', '--model', pipe], quick), 'inspect of a pipe');
  requireRefusal(
    await funhash(['train', '--config', pipe, '--out', join(folder, 'out')], quick),
    'settings from a pipe',
  );
}

/** The folder of a run goes while it trains. */
async function vanishedRun(folder: string, draw: Random): Promise<void> {
  const out = join(folder, 'run');
  const epoch = 1 + draw.integer(10);
  const ended = await funhash(['train', ...(tinyRuns[0] as readonly string[]), '--out', out], {
    onStart: (child) =>
      child.stderr?.on('data', (text: Buffer) => {
        if (String(text).includes(`epoch ${epoch}/`)) removeWhileWritten(out);
      }),
  });
  if (ended.code !== 0) requireRefusal(ended, 'a run whose folder vanished');
  else demand(existsSync(join(out, 'model.safetensors')), 'a run whose folder vanished told of success');
}

function removeWhileWritten(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // A file came meanwhile.
    rmSync(path, { recursive: true, force: true, maxRetries: 9 });
  }
}

async function commands(folder: string): Promise<void> {
  const [absent, file] = [join(folder, 'absent'), join(folder, 'file')];
  writeFileSync(file, '{');
  for (const args of [
    ['eval', '--model', absent, '--data', 'rect'],
    ['eval', '--model', folder, '--data', 'rect'],
    ['predict', '--model', file, '--input', file],
    ['inspect', '--model', folder],
    ['compress', absent],
    ['compress', folder],
    ['train', '--resume', absent],
    ['train', '--resume', join(folder, 'checkpoint.safetensors')],
    ['train', '--config', folder],
    ['train', '--config', file],
    ['train', '--data', folder],
    ['compare', '--resume', absent],
  ])
    requireRefusal(await funhash(args, { ...quick, cwd: folder }), args.slice(0, 2).join(' '));
}

/** Names that a terminal would obey, in lists and refusals. */
async function hostileNames(folder: string): Promise<void> {
  const name = 'a\u001b[2J\u009bb\u202ec';
  const path = join(folder, name);
  await small().save(path);
  await load(path);
  const run = [
    'train',
    ...(tinyRuns[0] as readonly string[]),
    '--epochs',
    '1',
    '--out',
    join(folder, `run-${name}`),
  ];
  requireSuccess(await funhash(run, quick), 'a run into a folder with a hostile name');
  for (const args of [
    ['runs', folder],
    ['eval', '--model', join(folder, `${name}.absent`), '--data', 'rect'],
    ['inspect', '--model', join(folder, `${name}.absent`)],
  ]) {
    const { stdout, stderr } = await funhash(args, quick);
    const found = (stdout + stderr)
      .split('\n')
      .map(controlIn)
      .find((control) => control !== undefined);
    demand(found === undefined, `${args[0]} prints ${found}`, `${args[0]} prints control characters`);
  }
  demand(readdirSync(folder).includes(name), 'a name was changed');
}
