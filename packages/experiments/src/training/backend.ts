import { ArgumentError } from '@funhash/hashing';
import { BackendError, type BackendName, useBackend } from '@funhash/tensor';

/**
 * Chooses where tensors live.
 *
 * @param name `auto` is wasm where it can start, else reference; a mode of the GPU backend follows a colon
 * @returns the name of the backend in use
 */
export async function chooseBackend(name: string, threads = 1): Promise<string> {
  const [backend, mode] = name.split(':');
  if (name !== 'auto') {
    await useBackend(backend as BackendName, { threads, ...(mode !== undefined && { mode }) });
    return name;
  }
  try {
    return (await useBackend('wasm', { threads })).name;
  } catch (error) {
    if (error instanceof BackendError || error instanceof ArgumentError)
      return (await useBackend('reference')).name;
    throw error;
  }
}
