import { defaultClientConditions, defineConfig } from 'vite';

export default defineConfig({
  // Within this repository the packages are read from their sources.
  resolve: { conditions: ['@funhash/source', ...defaultClientConditions] },
  // Loaded when the backend starts, which Vite does not see ahead.
  optimizeDeps: { include: ['gpu.js'] },
  build: { target: 'esnext' },
});
