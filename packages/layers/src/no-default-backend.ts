import type { CreateBackend } from '@funhash/tensor';

/**
 * Stands in for `default-backend.ts` under the condition `funhash-reference`: bundles without WebAssembly, for pages to
 * which small files matter more than speed. Networks run on the reference until `useBackend`.
 */
export function offerDefaultBackend(): void {}

/** Downloads what starts the backend `wasm`. */
export async function wasmBackend(): Promise<CreateBackend> {
  return (await import('@funhash/wasm')).createBackend as CreateBackend;
}
