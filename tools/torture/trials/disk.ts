import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { FunhashError, type Random } from '@funhash/hashing';
import { Dense, hashedNet, Sequential } from '@funhash/layers';
import { funhash } from '../children.ts';
import {
  requireEqualRuns,
  requireRefusal,
  requireSuccess,
  requireWholeFiles,
  tinyRuns,
} from '../tiny-runs.ts';
import { demand, NotPossibleError, type Trial } from '../trial.ts';

const kinds = [
  'save',
  'train',
  'save',
  'resume',
  'save',
  'read-only save',
  'save',
  'read-only train',
  'no names',
  'compress',
] as const;

type Kind = (typeof kinds)[number];

/** Disks without room, without names for files, and such that cannot be written. */
export const disk: Trial = {
  name: 'disk',
  summary:
    'full and read-only disks: a typed error, old files as they were, and all goes on when there is room',
  tries: 100,
  run: async (work) => {
    const whole = join(work.folder, 'whole');
    const args = ['train', ...(tinyRuns[0] as readonly string[]), '--seed', '1'];
    // Refused before anything is trained where nothing can be mounted.
    await withDisk(join(work.folder, 'first'), () => undefined);
    requireSuccess(await funhash([...args, '--out', whole]), 'a run');
    await work.attempts(async (index, draw) => {
      const kind = kinds[index % kinds.length] as Kind;
      await withDisk(join(work.folder, `disk-${index}`), (mounted) =>
        of[kind]({ mounted, draw, args, whole }),
      );
      return undefined;
    });
  },
};

interface Place {
  readonly mounted: Mounted;
  readonly draw: Random;
  /** The command of a run. */
  readonly args: readonly string[];
  /** The folder of that run, finished. */
  readonly whole: string;
}

interface Mounted {
  readonly path: string;
  /** Fills the disk, so that so many bytes are left. */
  fill(left: number): void;
  /** Makes room again. */
  free(): void;
  remount(option: 'ro' | 'rw'): void;
}

/** A small disk in memory, for as long as something is done with it. */
async function withDisk(
  path: string,
  use: (mounted: Mounted) => Promise<void> | undefined,
  names = 100,
): Promise<void> {
  const run = (command: string, ...args: readonly string[]): void =>
    void execFileSync(command, args, { stdio: 'pipe' });
  mkdirSync(path);
  try {
    run('mount', '-t', 'tmpfs', '-o', `size=1m,nr_inodes=${names}`, 'tmpfs', path);
  } catch (error) {
    throw new NotPossibleError(
      `mount of a tmpfs: ${
        String((error as Error).message)
          .split('\n')
          .at(-2) ?? 'refused'
      }`,
    );
  }
  const filler = join(path, 'filler');
  const mounted: Mounted = {
    path,
    fill: (left) => {
      rmSync(filler, { force: true });
      const { bavail, bsize } = statfsSync(path);
      const file = openSync(filler, 'w');
      for (let rest = bavail * bsize - left; rest > 0; rest -= bsize)
        writeSync(file, new Uint8Array(Math.min(rest, bsize)));
      closeSync(file);
    },
    free: () => rmSync(filler, { force: true }),
    remount: (option) => run('mount', '-o', `remount,${option}`, path),
  };
  try {
    await use(mounted);
  } finally {
    run('umount', '-l', path);
  }
}

const of: Readonly<Record<Kind, (place: Place) => Promise<void>>> = {
  save,
  train,
  resume,
  compress,
  'read-only save': readOnlySave,
  'read-only train': readOnlyTrain,
  'no names': noNames,
};

const model = (out: number): Sequential =>
  new Sequential([new Dense({ in: 100, out, weight: hashedNet({ ratio: 1 / 2 }) })], { seed: out });

/** @throws LossError unless the save is refused by a typed error, and nothing of it is left */
async function requireRefusedSave(path: string, out: number): Promise<void> {
  const [folder, before] = [join(path, '..'), existsSync(path) ? readFileSync(path) : undefined];
  const names = readdirSync(folder).sort().join();
  const error = await model(out)
    .save(path)
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  demand(error !== undefined, 'a save without room gave no error');
  demand(error instanceof FunhashError, `a save without room gave ${error}`, 'untyped error');
  demand(
    readdirSync(folder).sort().join() === names,
    `the folder has ${readdirSync(folder).join()}; had ${names}`,
    'left over',
  );
  if (before) demand(readFileSync(path).equals(before), 'the old file was changed');
}

async function save({ mounted: { path, fill, free }, draw }: Place): Promise<void> {
  const file = join(path, 'model.safetensors');
  await model(10).save(file);
  const bytes = await model(400).toBytes();
  fill(draw.integer(bytes.length - 4096));
  await requireRefusedSave(file, 400);
  free();
  await model(400).save(file);
  demand(readFileSync(file).equals(Buffer.from(bytes)), 'a save with room wrote other bytes');
}

async function train({ mounted: { path, fill, free }, draw, args, whole }: Place): Promise<void> {
  fill(4096 * draw.integer(16));
  const out = join(path, 'run');
  const ended = await funhash([...args, '--out', out]);
  if (ended.code !== 0) requireRefusal(ended, 'a run on a full disk');
  await requireWholeFiles(out);
  free();
  if (ended.code !== 0) await finish(out, args);
  requireEqualRuns(out, whole);
}

/** Goes on with a run, or begins it again where it has no checkpoint. */
async function finish(out: string, args: readonly string[]): Promise<void> {
  const checkpoint = join(out, 'checkpoint.safetensors');
  if (existsSync(checkpoint))
    return requireSuccess(await funhash(['train', '--resume', checkpoint]), 'a resume with room');
  rmSync(out, { recursive: true, force: true });
  requireSuccess(await funhash([...args, '--out', out]), 'a run with room');
}

async function stoppedRun(out: string, args: readonly string[], epoch: number): Promise<void> {
  await funhash([...args, '--out', out], {
    onStart: (child) =>
      child.stderr?.on(
        'data',
        (text: Buffer) => String(text).includes(`epoch ${epoch}/`) && child.kill('SIGKILL'),
      ),
  });
}

async function resume({ mounted: { path, fill, free }, draw, args, whole }: Place): Promise<void> {
  const out = join(path, 'run');
  await stoppedRun(out, args, 2 + draw.integer(10));
  fill(4096 * draw.integer(12));
  const checkpoint = join(out, 'checkpoint.safetensors');
  const ended = await funhash(['train', '--resume', checkpoint]);
  if (ended.code !== 0) requireRefusal(ended, 'a resume on a full disk');
  await requireWholeFiles(out);
  demand(existsSync(checkpoint), 'the checkpoint is gone');
  free();
  if (ended.code !== 0) await finish(out, args);
  requireEqualRuns(out, whole);
}

async function compress({ mounted: { path, fill, free }, draw, whole }: Place): Promise<void> {
  const source = join(whole, 'model.safetensors');
  const args = [
    'compress',
    source,
    '--store-as',
    'f16',
    '--data',
    'rect',
    '--test-count',
    '10',
    '--backend',
    'reference',
  ];
  fill(4096 * draw.integer(4));
  const ended = await funhash([...args, '--out', join(path, 'small')]);
  if (ended.code !== 0) requireRefusal(ended, 'compress on a full disk');
  await requireWholeFiles(join(path, 'small'));
  free();
  requireSuccess(await funhash([...args, '--out', join(path, 'again')]), 'compress with room');
}

async function readOnlySave({ mounted: { path, remount } }: Place): Promise<void> {
  const file = join(path, 'model.safetensors');
  await model(10).save(file);
  remount('ro');
  await requireRefusedSave(file, 20);
  await requireRefusedSave(join(path, 'other.safetensors'), 20);
  remount('rw');
  await model(20).save(file);
}

async function readOnlyTrain({ mounted: { path, remount }, draw, args, whole }: Place): Promise<void> {
  const out = join(path, 'run');
  await stoppedRun(out, args, 2 + draw.integer(5));
  remount('ro');
  requireRefusal(await funhash([...args, '--out', join(path, 'other')]), 'a run on a read-only disk');
  requireRefusal(
    await funhash(['train', '--resume', join(out, 'checkpoint.safetensors')]),
    'a resume on a read-only disk',
  );
  // What only reads does so.
  requireSuccess(await funhash(['runs', path]), 'runs on a read-only disk');
  remount('rw');
  await finish(out, args);
  requireEqualRuns(out, whole);
}

/** A disk that has room, but no names for more files. */
async function noNames({ mounted: { path } }: Place): Promise<void> {
  const file = join(path, 'model.safetensors');
  await model(10).save(file);
  for (let k = 0; ; k++)
    try {
      closeSync(openSync(join(path, `name-${k}`), 'w'));
    } catch {
      break;
    }
  await requireRefusedSave(file, 20);
  requireRefusal(
    await funhash(['train', ...(tinyRuns[0] as readonly string[]), '--out', join(path, 'run')]),
    'a run without names',
  );
}
