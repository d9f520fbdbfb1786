import { basename } from 'node:path';
import { defineConfig, type UserConfig } from 'tsdown';

/** What every build has in common. Comments stand in the types. */
const common = {
  deps: { neverBundle: [/^node:/, /^#/] },
  target: 'es2022',
  fixedExtension: false,
  report: false,
  logLevel: 'warn',
  outputOptions: { comments: { jsdoc: false } },
} satisfies UserConfig;

/**
 * How packages for browsers, workers and Node are built: each entry with its types, module by module, so that bundlers take what
 * they need, and in `dist/node` in few files, which Node starts in half the time. Dependencies stay imports; `using` and whatever
 * else is newer than ES2022 is rewritten.
 *
 * @param entry files, the package's own entry first
 * @param apart those of them that load nothing in Node besides their own modules
 */
export function library(entry: readonly string[], apart: readonly string[] = []): UserConfig[] {
  return defineConfig([
    { ...common, entry: [...entry], platform: 'neutral', dts: true, unbundle: true },
    {
      ...common,
      entry: [...entry],
      platform: 'node',
      dts: false,
      outDir: 'dist/node',
      clean: false,
      outputOptions: { ...common.outputOptions, codeSplitting: fewFiles(entry, apart) },
    },
  ]);
}

/**
 * One file of what the package's own entry loads, and of what two others share, instead of one for each set of entries: what Node
 * spends grows with files and with imports between them.
 */
function fewFiles(entry: readonly string[], apart: readonly string[]) {
  // Entries stay files of their own: a worker's runs when it is loaded.
  const using = (id: string, graph: Graph): readonly string[] => {
    if (graph.getModuleInfo(id)?.isEntry) return [];
    const found = [...reaching(id, graph)];
    return entry.filter((path) => found.some((one) => one.endsWith(`/${path}`)));
  };
  return {
    groups: [
      {
        name: (id: string, graph: Graph): string | null => {
          const alone = using(id, graph).find((path) => apart.includes(path));
          return alone === undefined ? null : basename(alone, '.ts');
        },
        priority: 1,
      },
      {
        name: (id: string, graph: Graph): string | null => {
          const users = using(id, graph).filter((path) => !path.endsWith('testing.ts'));
          return users.length > 1 || users[0] === entry[0] ? 'main' : null;
        },
      },
    ],
  };
}

interface Graph {
  getModuleInfo(id: string): { readonly isEntry: boolean; readonly importers: readonly string[] } | null;
}

/** The entries that a module is imported by, itself included, through any number of others. */
function reaching(id: string, graph: Graph): ReadonlySet<string> {
  const seen = new Set([id]);
  const entries = new Set<string>();
  for (const one of seen) {
    const info = graph.getModuleInfo(one);
    if (info?.isEntry) entries.add(one);
    for (const importer of info?.importers ?? []) seen.add(importer);
  }
  return entries;
}

/** How packages for Node alone are built: in few files. @param entry files by the names that they have in `dist` */
export function program(entry: Readonly<Record<string, string>>): UserConfig {
  return defineConfig({ ...common, entry: { ...entry }, platform: 'node', dts: true });
}
