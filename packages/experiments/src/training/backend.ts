import { ArgumentError } from '@funhash/hashing';
import { type Backend, BackendError, type BackendName, currentBackend, useBackend } from '@funhash/tensor';

/** What was asked for last, and what it came to. */
let last: { readonly key: string; readonly backend: Backend; readonly name: string } | undefined;

/**
 * Chooses where tensors live. Asked for the same again, it keeps the backend in use, so that runs side by side in one
 * thread share it.
 *
 * @param name `auto` is wasm where it can start, else reference; a mode of the GPU backend follows a colon
 * @returns the name of the backend in use
 */
export async function chooseBackend(name: string, threads = 1): Promise<string> {
  const key = `${name} ${threads}`;
  if (last?.key === key && last.backend === currentBackend()) return last.name;
  const [backend, chosen] = await started(name, threads);
  last = { key, backend, name: chosen };
  return chosen;
}

async function started(name: string, threads: number): Promise<[backend: Backend, name: string]> {
  const [base, mode] = name.split(':');
  if (name !== 'auto') {
    // Each backend refuses options that are not its own.
    const options = { ...(base === 'wasm' && { threads }), ...(mode !== undefined && { mode }) };
    return [await useBackend(base as BackendName, options), name];
  }
  try {
    const backend = await useBackend('wasm', { threads });
    return [backend, backend.name];
  } catch (error) {
    if (!(error instanceof BackendError || error instanceof ArgumentError)) throw error;
    const backend = await useBackend('reference');
    return [backend, backend.name];
  }
}
