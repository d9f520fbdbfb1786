import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

// Tests read the sources of every package: the condition serves Vite, Node where Vite leaves a package to it,
// and the processes and worker threads that a test starts. docs/decisions/0003-tests-on-source.md
const source = '@funhash/source';

const onBackend = (backend: 'reference' | 'wasm', packages: readonly string[]) => ({
  extends: true as const,
  test: {
    name: backend,
    include: packages.map((name) => `packages/${name}/src/**/*.spec.ts`),
    exclude: ['backends', 'hostile-file', 'refused-file', 'many-steps', 'failed-step'].map(
      (name) => `**/${name}.spec.ts`,
    ),
    setupFiles: ['tools/on-backend.ts'],
    provide: { backend },
  },
});

export default defineConfig({
  ssr: { resolve: { conditions: [source, ...defaultServerConditions] } },
  test: {
    exclude: ['**/node_modules/**', '**/dist/**'],
    pool: 'forks',
    // Vitest leaves a core to itself, which is half of a machine of two.
    maxWorkers: '100%',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'all',
          include: ['packages/*/src/**/*.spec.ts', 'docs/**/*.spec.ts', 'tools/**/*.spec.ts'],
        },
      },
      // Specs that choose no backend, on the one that is not their default.
      onBackend('wasm', ['autodiff', 'space']),
      onBackend('reference', ['layers', 'training']),
    ],
    reporters: process.env.CI ? ['default', 'json'] : ['default'],
    outputFile: { json: 'node_modules/.vitest/report.json' },
  },
});
