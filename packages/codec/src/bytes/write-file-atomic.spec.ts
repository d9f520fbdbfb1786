import { spawnSync } from 'node:child_process';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { xxHash32 } from '@funhash/hashing';
import { nodeModule } from '@funhash/hashing/node';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ModelFileError } from '../container/model-file-error.ts';
import { writeFileAtomic } from './write-file-atomic.ts';

const bytes = Uint8Array.from({ length: 3000 }, (_, i) => i);
const files = nodeModule('node:fs/promises');
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atomic-'));
  path = join(folder, 'net.safetensors');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

const contentOf = async (file: string) => new Uint8Array(await readFile(file));
const refusalOf = async (target: string): Promise<ModelFileError> => {
  const error = await writeFileAtomic(target, bytes).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ModelFileError);
  expect(error).toMatchObject({ source: target });
  return error as ModelFileError;
};

test('writes a new file, and replaces an old one with its permissions', async () => {
  await writeFileAtomic(path, bytes);
  expect(await contentOf(path)).toEqual(bytes);
  for (const mode of [0o640, 0o600, 0o666, 0o755]) {
    await chmod(path, mode);
    await writeFileAtomic(path, bytes.subarray(1));
    expect((await stat(path)).mode & 0o7777).toBe(mode);
  }
  expect(await contentOf(path)).toEqual(bytes.subarray(1));
  expect(await readdir(folder)).toEqual(['net.safetensors']);
});

test('any legal name: the temporary one does not depend on it', async () => {
  for (const name of ['x'.repeat(255), `${'y'.repeat(236)}.tmp`, '-', ' ', '.hidden', 'ü'.repeat(120)])
    await writeFileAtomic(join(folder, name), bytes);
  expect(await readdir(folder)).toHaveLength(6);
  expect((await refusalOf(join(folder, 'z'.repeat(256)))).message).toMatch(/ENAMETOOLONG.*shorter name/);
});

describe('links', () => {
  test('a good one is kept, and what it leads to is written', async () => {
    await writeFile(path, 'old');
    await mkdir(join(folder, 'sub'));
    const link = join(folder, 'sub', 'link');
    await symlink('../net.safetensors', link);
    await writeFileAtomic(link, bytes);
    expect(await contentOf(path)).toEqual(bytes);
    expect(await readlink(link)).toBe('../net.safetensors');
    expect(await readdir(join(folder, 'sub'))).toEqual(['link']);
  });

  test('one that leads nowhere is kept, and what it leads to is made', async () => {
    const [first, second] = [join(folder, 'first'), join(folder, 'second')];
    await symlink('second', first);
    await symlink(path, second);
    await writeFileAtomic(first, bytes);
    expect(await contentOf(path)).toEqual(bytes);
    expect([await readlink(first), await readlink(second)]).toEqual(['second', path]);
  });

  test('below a folder that is a link, names are those of the folder', async () => {
    await mkdir(join(folder, 'a', 'b'), { recursive: true });
    await symlink(join(folder, 'a', 'b'), join(folder, 'short'));
    await symlink('../net', join(folder, 'a', 'b', 'link'));
    await writeFileAtomic(join(folder, 'short', 'link'), bytes);
    expect(await contentOf(join(folder, 'a', 'net'))).toEqual(bytes);
  });

  test('into nowhere, in a circle, or to a folder: a typed error', async () => {
    await symlink(join(folder, 'none', 'x'), join(folder, 'nowhere'));
    expect((await refusalOf(join(folder, 'nowhere'))).message).toMatch(/ENOENT.*needs its folder first/);
    await symlink('circle', join(folder, 'circle'));
    expect((await refusalOf(join(folder, 'circle'))).message).toMatch(/ELOOP/);
    await mkdir(join(folder, 'sub'));
    await symlink('sub', join(folder, 'toFolder'));
    expect((await refusalOf(join(folder, 'toFolder'))).message).toMatch(/got a folder/);
    expect((await readdir(folder)).sort()).toEqual(['circle', 'nowhere', 'sub', 'toFolder']);
  });
});

test('a folder, a device, no folder, no name: a typed error and nothing left behind', async () => {
  await mkdir(path);
  expect((await refusalOf(path)).message).toMatch(/expected a file, or nothing yet, got a folder/);
  expect((await refusalOf(`${path}/`)).message).toMatch(/a folder/);
  expect((await refusalOf(join(folder, 'none', 'x'))).message).toMatch(/ENOENT/);
  expect((await refusalOf(`${join(folder, 'x')}/`)).message).toMatch(/ENOTDIR|ENOENT|EISDIR/);
  await refusalOf('');
  await refusalOf('a\0b');
  if (process.platform !== 'win32') {
    expect((await refusalOf('/dev/null')).message).toMatch(/a pipe or a device/);
    expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
  }
  expect(await readdir(folder)).toEqual(['net.safetensors']);
});

test.each(['writeFile', 'sync', 'close', 'chmod'] as const)(
  'a failing %s leaves the old file and no other',
  async (failing) => {
    await writeFile(path, 'old');
    const open = files.open;
    vi.spyOn(files, 'open').mockImplementation(async (...args) => {
      const handle = await open(...args);
      const method = handle[failing].bind(handle) as (...given: unknown[]) => Promise<unknown>;
      vi.spyOn(handle, failing).mockImplementation(async (...given: unknown[]) => {
        await method(...given);
        throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
      });
      return handle;
    });
    const error = await refusalOf(path);
    expect(error).toMatchObject({ cause: { code: 'ENOSPC' } });
    expect(error.message).toMatch(/What was there before is unchanged\. Make room on the disk/);
    vi.restoreAllMocks();
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['net.safetensors']);
  },
);

test('a folder into which this user may not write: a typed error with the remedy', async () => {
  vi.spyOn(files, 'open').mockRejectedValue(Object.assign(new Error('EACCES'), { code: 'EACCES' }));
  expect((await refusalOf(path)).message).toMatch(/EACCES.*Allow this user to use it/);
});

test('Windows refuses a rename for a moment while the old file is read', async () => {
  const rename = files.rename;
  let refusals = 2;
  vi.spyOn(process, 'platform', 'get').mockReturnValue('win32');
  vi.spyOn(files, 'rename').mockImplementation(async (from, to) => {
    if (refusals-- > 0) throw Object.assign(new Error('EPERM'), { code: 'EPERM' });
    return rename(from, to);
  });
  await writeFileAtomic(path, bytes);
  expect(await contentOf(path)).toEqual(bytes);
});

describe('what a killed process left behind', () => {
  const machine = xxHash32(new TextEncoder().encode(hostname()), 0).toString(16).padStart(8, '0');
  const leftBy = async (host: string, pid: number, ageMs: number): Promise<string> => {
    const name = `.funhash-${host}-${pid}-0123456789ab.tmp`;
    await writeFile(join(folder, name), 'torn');
    const then = (Date.now() - ageMs) / 1000;
    await utimes(join(folder, name), then, then);
    return name;
  };
  /** The number of a process that has ended. */
  const deadPid = () => spawnSync(process.execPath, ['-e', '']).pid;
  const elsewhere = machine === '00000000' ? '00000001' : '00000000';
  const day = 24 * 60 * 60 * 1000;

  test('is removed by the next write into the folder; files of others are not', async () => {
    await leftBy(machine, deadPid(), 0);
    await leftBy(elsewhere, 1, 2 * day);
    const kept = [
      await leftBy(machine, process.pid, 0),
      await leftBy(machine, process.ppid, day / 2),
      await leftBy(elsewhere, deadPid(), day / 2),
    ];
    const own = ['.funhash-x.tmp', 'net.safetensors.0123.tmp', `.funhash-${machine}-1-0123456789ab.tmp.bak`];
    for (const name of own) await writeFile(join(folder, name), 'of the user');
    await writeFileAtomic(path, bytes);
    expect((await readdir(folder)).sort()).toEqual([...kept, ...own, 'net.safetensors'].sort());
  });

  test('a write that is killed leaves the old file, and the next one cleans up', async () => {
    await writeFile(path, 'old');
    const script = `
      import { writeFileAtomic } from ${JSON.stringify(new URL('./write-file-atomic.ts', import.meta.url).href)};
      const { open } = process.getBuiltinModule('node:fs/promises');
      process.getBuiltinModule('node:fs/promises').open = async (...args) => {
        const handle = await open(...args);
        handle.sync = () => process.kill(process.pid, 'SIGKILL');
        return handle;
      };
      await writeFileAtomic(${JSON.stringify(path)}, new Uint8Array(100));
    `;
    const child = spawnSync(
      process.execPath,
      ['--conditions=@funhash/source', '--import', 'tsx', '--input-type=module', '-e', script],
      { cwd: process.cwd() },
    );
    expect(child.signal).toBe('SIGKILL');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toHaveLength(2);
    await writeFileAtomic(path, bytes);
    expect(await readdir(folder)).toEqual(['net.safetensors']);
    expect(await contentOf(path)).toEqual(bytes);
  });
});
