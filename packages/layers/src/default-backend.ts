import {
  type Backend,
  BackendError,
  type CreateBackend,
  offerBackend,
  referenceBackend,
} from '@funhash/tensor';
import { createBackend } from '@funhash/wasm';
import { singleThreaded } from '@funhash/wasm/single';

/** Programs that choose no backend run on WebAssembly, and on the reference where the engine refuses that. */
export function offerDefaultBackend(): void {
  offerBackend('wasm', start);
}

function start(): Backend {
  try {
    return singleThreaded();
  } catch (error) {
    // No SIMD or no memory; a page whose content security policy forbids compiling.
    if (!(error instanceof BackendError)) throw error;
    console.warn(`funhash runs on its reference backend, many times slower. ${error.message}`);
    return referenceBackend;
  }
}

/** Gives what starts the backend `wasm`. */
export function wasmBackend(): CreateBackend {
  return createBackend as CreateBackend;
}
