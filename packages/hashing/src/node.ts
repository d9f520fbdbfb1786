import { FunhashError } from './errors.ts';

/** What only Node can do was asked for elsewhere. */
export class NodeOnlyError extends FunhashError {}

type BuiltIn = NodeJS.Process['getBuiltinModule'];

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
