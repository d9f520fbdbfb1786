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
 */
export function library(entry: readonly string[]): UserConfig[] {
  return defineConfig([
    { ...common, entry: [...entry], platform: 'neutral', dts: true, unbundle: true },
    { ...common, entry: [...entry], platform: 'node', dts: false, outDir: 'dist/node', clean: false },
  ]);
}

/** How packages for Node alone are built: in few files. @param entry files by the names that they have in `dist` */
export function program(entry: Readonly<Record<string, string>>): UserConfig {
  return defineConfig({ ...common, entry: { ...entry }, platform: 'node', dts: true });
}
