import { ArgumentError } from '@funhash/hashing';
import type { Backend } from './backend.ts';
import { BackendError } from './errors.ts';
import { referenceBackend } from './reference/backend.ts';
import { setStrict } from './run-kernel.ts';

export interface BackendOptions {
  /** Throw where a kernel would fall back to the reference. Default false. */
  readonly strict?: boolean;
  /** Worker threads, where the backend has them. Default 1. */
  readonly threads?: number;
  /** Where the GPU backend runs: `webgl2`, `headlessgl` or `cpu`. Default `webgl2` in browsers, else `headlessgl`. */
  readonly mode?: string;
}

/** What a backend package exports under the name `createBackend`. */
export type CreateBackend = (options: BackendOptions) => Backend | Promise<Backend>;

export type BackendName = 'reference' | 'wasm' | 'gpu';

// The packages above this one are named here only as text: they are optional, and nothing is loaded until asked for.
const loaders: Readonly<Record<BackendName, () => Promise<{ createBackend: CreateBackend }>>> = {
  reference: async () => ({ createBackend: () => referenceBackend }),
  wasm: () => import('@funhash/wasm' as string),
  gpu: () => import('@funhash/gpu' as string),
};

let chosen: Backend | undefined;
let offered: (() => Backend) | undefined;

/** The backend on which tensors are made: the one chosen, else the one offered, else the reference. */
export function currentBackend(): Backend {
  if (!chosen && offered) chosen = offered();
  return chosen ?? referenceBackend;
}

/**
 * Names the backend of programs that choose none: `create` is called when the next tensor is made, and never where
 * `useBackend` was called first. This is how a package above can give a default that this one does not depend on.
 */
export function offerBackend(create: () => Backend): void {
  offered ??= create;
}

/**
 * Makes new tensors on another backend: by name, or a backend object. Tensors of the reference move to the backend of
 * the tensors that they meet in an op; of two other backends, an op refuses the mixture.
 *
 * @throws BackendError if the backend's package is not installed or cannot start here
 */
export async function useBackend(
  backend: BackendName | Backend,
  options: BackendOptions = {},
): Promise<Backend> {
  const started = typeof backend === 'string' ? await load(backend, options) : backend;
  setStrict(options.strict ?? false);
  chosen = started;
  return started;
}

async function load(name: BackendName, options: BackendOptions): Promise<Backend> {
  const loader = Object.hasOwn(loaders, name) ? loaders[name] : undefined;
  if (!loader)
    throw new ArgumentError({
      operation: 'useBackend',
      expected: `one of ${Object.keys(loaders).join(', ')}, or a backend object`,
      actual: String(name),
    });
  let found: { createBackend: CreateBackend };
  try {
    found = await loader();
  } catch (cause) {
    throw new BackendError(
      {
        operation: 'useBackend',
        expected: `the package @funhash/${name}`,
        actual: 'no such package here',
        remedy: `Install it: npm i @funhash/${name}`,
      },
      { cause },
    );
  }
  return found.createBackend(options);
}
