import { ArgumentError, checkOptions, OptionError, option, refuseUnknown } from '@funhash/hashing';
import type { Backend } from './backend.ts';
import { BackendError } from './errors.ts';
import { referenceBackend } from './reference/backend.ts';
import { setStrict } from './run-kernel.ts';

/**
 * The backends that have names, each with its type and its own options. The package of a backend adds its row:
 * `declare module '@funhash/tensor' { interface BackendTypes { own: { backend: OwnBackend; options: OwnOptions } } }`.
 */
export interface BackendTypes {
  readonly reference: { readonly backend: Backend; readonly options: Readonly<Record<never, never>> };
}

/** Starts a backend; refuses options that it does not have. A package of a backend exports it as `createBackend`. */
export type CreateBackend<Options = never, Started extends Backend = Backend> = (
  options: Options,
) => Started | Promise<Started>;

/** The names that `useBackend` takes. */
export type BackendName = 'reference' | 'wasm' | 'gpu';

type Loader = () => CreateBackend | Promise<CreateBackend>;

// Packages above this one: nothing is loaded until asked for. A variable names the package, for bundlers follow a literal
// import and fail where it is not installed, or where they make no modules, as for workers.
const fromPackage = async (name: string): Promise<CreateBackend> => {
  const packageName = `@funhash/${name}`;
  return (await import(/* webpackIgnore: true */ /* @vite-ignore */ packageName)).createBackend;
};
const loaders = new Map<BackendName, Loader>([
  ['reference', () => createReference as CreateBackend],
  ['wasm', () => fromPackage('wasm')],
  ['gpu', () => fromPackage('gpu')],
]);

/** What `useBackend` takes: a name, what starts a backend, or a backend. */
export type AnyBackend = BackendName | CreateBackend | Backend;

/** The options of `useBackend` that no backend sees. */
export interface StrictOption {
  /** Throw where a kernel would run on the reference. Default false. */
  readonly strict?: boolean;
}

interface BackendRow {
  readonly backend: Backend;
  readonly options: object;
}

type RowOf<B extends keyof BackendTypes> = BackendTypes[B] extends infer Row extends BackendRow ? Row : never;

/** The options of `useBackend` for a name, for what starts a backend, or for one that is there. */
export type UseOptions<B extends AnyBackend> = StrictOption &
  (B extends keyof BackendTypes
    ? RowOf<B>['options']
    : B extends BackendName
      ? Readonly<Record<string, unknown>>
      : B extends (options: infer Options) => unknown
        ? Options
        : unknown);

/** The backend that is started. */
export type StartedBackend<B extends AnyBackend> = B extends keyof BackendTypes
  ? RowOf<B>['backend']
  : B extends (options: never) => infer Started
    ? Awaited<Started>
    : B extends Backend
      ? B
      : Backend;

let chosen: Backend | undefined;
let offered: { readonly name: string; readonly create: () => Backend } | undefined;

/** Backends that were started by name, with their options: asked for again, they are the same. */
const startedBackends = new Map<string, Backend>();

/** The backend on which tensors are made: the one chosen, else the one offered, else the reference. */
export function currentBackend(): Backend {
  if (!chosen && offered) {
    chosen = offered.create();
    if (chosen.name === offered.name) startedBackends.set(keyOf(offered.name, {}), chosen);
  }
  return chosen ?? referenceBackend;
}

/**
 * Names the backend of programs that choose none: `create` is called when the next tensor is made, and never where
 * `useBackend` was called first. This is how a package above can give a default that this one does not depend on.
 *
 * @param name that of the backend: `useBackend(name)` gives the one that was offered where it is in use
 */
export function offerBackend(name: string, create: () => Backend): void {
  offered ??= { name, create };
}

/**
 * Makes new tensors on another backend. Tensors of the reference move to the backend of the tensors that they meet in
 * an op; of two other backends, an op refuses the mixture. The same name with the same options gives the same backend
 * as before, unless that was closed.
 *
 * @param backend a name (`reference`, `wasm`, `gpu`), a function that starts one, or a backend
 * @param options `strict`, and the backend's own: `useBackend('wasm', { threads: 2 })`
 * @throws ArgumentError for an unknown name or an option that the backend does not take
 * @throws BackendError if the backend's package is not installed or cannot start here
 */
export async function useBackend<B extends AnyBackend>(
  backend: B,
  options?: UseOptions<B>,
): Promise<StartedBackend<B>> {
  const { strict, ...own }: StrictOption = options ?? {};
  checkOptions('useBackend', { strict: option.flag() }, { strict });
  const started = await start(backend, own);
  setStrict(strict ?? false);
  chosen = started;
  return started as StartedBackend<B>;
}

/**
 * Says how the backend of a name is started: by packages above that bring it with them, since what `useBackend` finds in
 * Node by the name of its package a bundled page cannot find.
 */
export function nameBackend(name: BackendName, load: Loader): void {
  loaders.set(name, load);
}

async function start(backend: AnyBackend, options: object): Promise<Backend> {
  if (typeof backend === 'object') {
    refuseUnknown('useBackend', ['strict'], options);
    return backend;
  }
  const key = typeof backend === 'string' ? keyOf(backend, options) : undefined;
  const before = key === undefined ? undefined : startedBackends.get(key);
  if (before && !before.isClosed) return before;
  const create = typeof backend === 'function' ? backend : await load(backend);
  try {
    const started = await create(options as never);
    await started.ready;
    if (key !== undefined) startedBackends.set(key, started);
    return started;
  } catch (error) {
    // The backend does not know of `strict`, which may be what was meant.
    if (error instanceof OptionError)
      refuseUnknown(error.details.operation, [...error.known, 'strict'], options);
    throw error;
  }
}

function keyOf(name: string, options: object): string {
  return JSON.stringify([name, Object.entries(options).sort()]);
}

function createReference(options: object): Backend {
  checkOptions('useBackend reference', {}, options);
  return referenceBackend;
}

async function load(name: BackendName): Promise<CreateBackend> {
  const loader = loaders.get(name);
  if (!loader)
    throw new ArgumentError({
      operation: 'useBackend',
      expected: `one of ${[...loaders.keys()].join(', ')}, a function that starts a backend, or a backend`,
      actual: String(name),
    });
  try {
    return await loader();
  } catch (cause) {
    throw new BackendError(
      {
        operation: 'useBackend',
        expected: `the package @funhash/${name}`,
        actual: 'no such package here',
        remedy:
          `Install it: npm i @funhash/${name}. A bundled page starts it by its function: ` +
          `import { createBackend } from '@funhash/${name}', then useBackend(createBackend).`,
      },
      { cause },
    );
  }
}
