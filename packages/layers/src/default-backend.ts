import { type Backend, offerBackend, referenceBackend } from '@funhash/tensor';
import { createBackend } from '@funhash/wasm';

/** Programs that choose no backend run on WebAssembly, and on the reference where the engine refuses that. */
export function offerDefaultBackend(): void {
  offerBackend(start);
}

function start(): Backend {
  try {
    return createBackend();
  } catch {
    return referenceBackend;
  }
}
