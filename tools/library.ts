import { defineConfig, type UserConfig } from 'tsdown';

/**
 * How every package is built: each entry with its types, as ES modules for browsers, workers and Node alike.
 * Dependencies stay imports; `using` and whatever else is newer than ES2022 is rewritten.
 */
export function library(entry: readonly string[], platform: 'neutral' | 'node' = 'neutral'): UserConfig {
  return defineConfig({
    entry: [...entry],
    platform,
    deps: { neverBundle: [/^node:/, /^#/] },
    target: 'es2022',
    dts: true,
    unbundle: true,
    fixedExtension: false,
    report: false,
    logLevel: 'warn',
  });
}
