import { defaultClientConditions, defineConfig } from 'vite';

export default defineConfig({
  // Within this repository the packages are read from their sources.
  resolve: { conditions: ['@funhash/source', ...defaultClientConditions] },
  build: { target: 'esnext' },
});
