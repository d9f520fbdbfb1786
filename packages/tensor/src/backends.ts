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
}

/** What a backend package exports under the name `createBackend`. */
export type CreateBackend = (options: BackendOptions) => Promise<Backend>;

export type BackendName = 'reference' | 'wasm' | 'gpu';

// The packages above this one are named here only as text: they are optional, and nothing is loaded until asked for.
const loaders: Readonly<Record<BackendName, () => Promise<{ createBackend: CreateBackend }>>> = {
  reference: async () => ({ createBackend: async () => referenceBackend }),
  wasm: () => import('@funhash/wasm' as string),
  gpu: () => import('@funhash/gpu' as string),
};

let current: Backend = referenceBackend;

/** The backend on which tensors are made. */
export function currentBackend(): Backend {
  return current;
}

/**
 * Makes new tensors on another backend: by name, or a backend object. Tensors made before stay where they are;
 * an op refuses operands of different backends.
 *
 * @throws BackendError if the backend's package is not installed or cannot start here
 */
export async function useBackend(
  backend: BackendName | Backend,
  options: BackendOptions = {},
): Promise<Backend> {
  const chosen = typeof backend === 'string' ? await load(backend, options) : backend;
  setStrict(options.strict ?? false);
  current = chosen;
  return chosen;
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
