import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FileError } from '../errors.ts';
import { newFolder, newFolderIn, openFolder } from '../store/run-folder.ts';
import { storedRuns } from '../store/run-store.ts';
import { fileFault } from './file-fault.ts';
import { readTextIfThere } from './read-text.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'funhash-files-'));
  await writeFile(join(root, 'file'), 'mine');
  await mkdir(join(root, 'folder'));
  await symlink('circle', join(root, 'circle'));
  await symlink('nowhere', join(root, 'dangling'));
});
afterAll(() => rm(root, { recursive: true }));

const paths: readonly [path: string, code: RegExp][] = [
  ['file/below', /ENOTDIR|EEXIST/],
  ['circle/below', /ELOOP/],
  ['n'.repeat(300), /ENAMETOOLONG/],
];

test.each(paths)('%s: %s as a typed error, with the path and what to do', async (name, code) => {
  const path = join(root, name);
  for (const use of [
    newFolder,
    openFolder,
    (parent: string) => newFolderIn(parent, 'run'),
    readTextIfThere,
    storedRuns,
  ]) {
    const error = await use(path).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error, use.name).toBeInstanceOf(FileError);
    expect(error).toMatchObject({ code: expect.stringMatching(code) });
    const { actual, remedy } = (error as FileError).details;
    expect(actual).toContain(name);
    expect(remedy).toMatch(/\.$/);
  }
});

test('a file where a folder is asked, and the other way round', async () => {
  const [file, folder] = [join(root, 'file'), join(root, 'folder')];
  await expect(newFolder(file)).rejects.toThrow(/run folder: expected a new or an empty folder, got ENOTDIR/);
  await expect(openFolder(file)).rejects.toThrow(FileError);
  await expect(newFolderIn(file, 'run')).rejects.toThrow(/EEXIST.*A file stands where a folder should/);
  await expect(storedRuns(file)).rejects.toThrow(/ENOTDIR/);
  await expect(readTextIfThere(folder)).rejects.toThrow(/a file of at most .* got something else/);
  await expect(openFolder(join(root, 'dangling'))).rejects.toThrow(/ENOENT.*dangling/);
  await expect(readTextIfThere('/dev/zero')).rejects.toThrow(FileError);
  expect(await readFile(file, 'utf8')).toBe('mine');
});

test.each(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'EFBIG', 'EMFILE', 'ENFILE', 'EIO'])(
  '%s has a remedy',
  (code) => {
    const cause = Object.assign(new Error(`${code}: so it is, open '/a/b'`), { code, syscall: 'open' });
    const error = fileFault(cause, 'read', '/a/b', 'a file') as FileError;
    expect(error.message).toMatch(
      new RegExp(`^read: expected a file, got ${code}: so it is: /a/b\\. [A-Z].*\\.$`),
    );
    expect(error).toMatchObject({ code, cause });
  },
);

test('other errors stay as they are', () => {
  const error = new TypeError('no');
  expect(fileFault(error, 'read', '/a', 'a file')).toBe(error);
});

test('a folder that was made and not used goes; one with files, or that was there, stays', async () => {
  const [made, used, there] = ['made', 'used', 'there'].map((name) => join(root, 'kept', name)) as [
    string,
    string,
    string,
  ];
  await mkdir(there, { recursive: true });
  for (const path of [made, used, there]) {
    const folder = await newFolder(path);
    if (path === used) await folder.write('a', 'b');
    await folder.release();
  }
  expect((await readdir(join(root, 'kept'))).sort()).toEqual(['there', 'used']);
});

test('what a killed process left half-written is deleted by the next that works there; other files are not', async () => {
  const path = join(root, 'left');
  await mkdir(path);
  const left = `checkpoint.safetensors.${crypto.randomUUID()}.tmp`;
  const ofCodec = '.funhash-0123abcd-1-0123456789ab.tmp';
  for (const name of [left, ofCodec, 'mine.tmp', 'notes.txt']) await writeFile(join(path, name), 'x');
  const folder = await openFolder(path);
  await folder.release();
  expect((await readdir(path)).sort()).toEqual(['mine.tmp', 'notes.txt']);
  expect((await stat(join(path, 'notes.txt'))).size).toBe(1);
});
