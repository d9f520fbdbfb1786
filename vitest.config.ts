import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

// Tests read the sources of every package: the condition serves Vite, Node where Vite leaves a package to it,
// and the processes and worker threads that a test starts. docs/decisions/0003-tests-on-source.md
const source = '@funhash/source';

export default defineConfig({
  ssr: { resolve: { conditions: [source, ...defaultServerConditions] } },
  test: {
    include: ['packages/*/src/**/*.spec.ts', 'docs/**/*.spec.ts', 'tools/**/*.spec.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    pool: 'forks',
    testTimeout: 60_000,
    reporters: process.env.CI ? ['default', 'json'] : ['default'],
    outputFile: { json: 'node_modules/.vitest/report.json' },
  },
});
