import { ArgumentError } from '@funhash/hashing';
import { BackendError, useBackend } from '@funhash/tensor';

/**
 * Chooses where tensors live.
 *
 * @param name `auto` is wasm where it can start, else reference
 * @returns the name of the backend in use
 */
export async function chooseBackend(name: string, threads = 1): Promise<string> {
  if (name !== 'auto') return (await useBackend(name as 'reference' | 'wasm', { threads })).name;
  try {
    return (await useBackend('wasm', { threads })).name;
  } catch (error) {
    if (error instanceof BackendError || error instanceof ArgumentError)
      return (await useBackend('reference')).name;
    throw error;
  }
}
