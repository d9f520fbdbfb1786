import { useBackend } from '@funhash/tensor';
import { inject } from 'vitest';

/** Runs the specs of a project on a backend that is not their default. */
await useBackend(inject('backend'));

declare module 'vitest' {
  interface ProvidedContext {
    backend: 'reference' | 'wasm';
  }
}
