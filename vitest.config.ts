import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['@funhash/source'] },
  ssr: { resolve: { conditions: ['@funhash/source'], externalConditions: ['@funhash/source'] } },
  test: {
    include: ['packages/*/src/**/*.spec.ts', 'docs/**/*.spec.ts', 'tools/**/*.spec.ts'],
    execArgv: ['--conditions=@funhash/source'],
    testTimeout: 60_000,
  },
});
