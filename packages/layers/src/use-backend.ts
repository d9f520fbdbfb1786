import {
  type AnyBackend,
  nameBackend,
  type StartedBackend,
  type UseOptions,
  useBackend as use,
} from '@funhash/tensor';
import { wasmBackend } from '#default-backend';

/**
 * Makes new tensors on another backend. Tensors of the reference move to the backend of the tensors that they meet in
 * an op; of two other backends, an op refuses the mixture. The same name with the same options gives the same backend
 * as before, unless that was closed.
 *
 * @param backend a name (`reference`, `wasm`, `gpu`), a function that starts one, or a backend. Bundled pages start the
 * GPU by its function: `useBackend(createBackend)` of `@funhash/gpu`
 * @param options `strict`, and the backend's own: `useBackend('wasm', { threads: 2 })`
 * @throws ArgumentError for an unknown name or an option that the backend does not take
 * @throws BackendError if the backend's package is not installed or cannot start here
 */
export function useBackend<B extends AnyBackend>(
  backend: B,
  options?: UseOptions<B>,
): Promise<StartedBackend<B>> {
  nameBackend('wasm', wasmBackend);
  return use(backend, options);
}
