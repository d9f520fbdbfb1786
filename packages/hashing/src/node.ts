import { FunhashError } from './errors.ts';

/** What only Node can do was asked for elsewhere. */
export class NodeOnlyError extends FunhashError {}

/** What Node's types say of built-in modules; a page is compiled without these types. */
type BuiltIn = typeof globalThis extends {
  process: { getBuiltinModule: infer GetBuiltInModule extends (id: string) => unknown };
}
  ? GetBuiltInModule
  : (id: string) => unknown;

/**
 * A module of Node such as `node:fs/promises`. Bundlers do not see it, as they do see `import('node:…')`, so one file
 * serves pages and Node alike.
 *
 * @throws NodeOnlyError where this is not Node, Deno or Bun
 */
export const nodeModule = ((id: string) => {
  const found = globalThis.process?.getBuiltinModule?.(id);
  if (found) return found;
  throw new NodeOnlyError({
    operation: 'nodeModule',
    expected: `${id}, for files and threads of the system`,
    actual: 'an engine that has none, such as a page',
    remedy: 'Give bytes, a Blob, a Response or a URL instead of a path.',
  });
}) as BuiltIn;

/** What to do about an error of the file system, by its code: sentences for the remedy of a typed error. */
export const systemRemedies: Readonly<Record<string, string>> = {
  EACCES: 'Allow this user to use it, or name another.',
  EPERM: 'Allow this user to use it, or name another.',
  EROFS: 'The disk can only be read: name another place.',
  ENOSPC: 'Make room on the disk: what was written whole before is there still.',
  EDQUOT: 'Make room in your share of the disk: what was written whole before is there still.',
  EFBIG: 'Raise the limit of sizes of files (ulimit -f).',
  ENOENT: 'Name a path that is there; a new file needs its folder first.',
  EISDIR: 'Name a file: this is a folder.',
  ENOTDIR: 'A file stands where a folder should: name another path.',
  EEXIST: 'A file stands where a folder should: name another path.',
  ENOTEMPTY: 'Name another folder.',
  ENAMETOOLONG: 'Choose a shorter name.',
  ELOOP: 'Its links lead in a circle: name the file itself.',
  EMFILE: 'Do less at once, or raise the limit of open files (ulimit -n).',
  ENFILE: 'Do less at once, or raise the limit of open files.',
  EIO: 'The disk fails: check it, and name another place.',
};
