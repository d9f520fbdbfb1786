/** Who takes part: a runner with its options, in a process of its own. */
export interface Library {
  readonly title: string;
  readonly runner: 'funhash' | 'tfjs' | 'jax' | 'onnx' | 'brain';
  readonly options: Readonly<Record<string, string | number>>;
  /** Packages whose versions the results name. */
  readonly packages: readonly string[];
}

const tfjs = ['@tensorflow/tfjs', '@tensorflow/tfjs-backend-wasm'];

export const libraries = {
  funhash: { title: 'funhash', runner: 'funhash', options: { threads: 1 }, packages: [] },
  funhash2: { title: 'funhash, 2 threads', runner: 'funhash', options: { threads: 2 }, packages: [] },
  funhashNaive: {
    title: 'naive',
    runner: 'funhash',
    options: { threads: 1, product: 'naive' },
    packages: [],
  },
  jax: { title: 'jax-js wasm', runner: 'jax', options: {}, packages: ['@jax-js/jax'] },
  tfjsWasm: { title: 'tfjs wasm', runner: 'tfjs', options: { backend: 'wasm' }, packages: tfjs },
  tfjsCpu: { title: 'tfjs cpu', runner: 'tfjs', options: { backend: 'cpu' }, packages: tfjs },
  ortWeb: {
    title: 'onnxruntime-web wasm',
    runner: 'onnx',
    options: { platform: 'web', threads: 1 },
    packages: ['onnxruntime-web'],
  },
  ortWeb2: {
    title: 'onnxruntime-web wasm, 2 threads',
    runner: 'onnx',
    options: { platform: 'web', threads: 2 },
    packages: ['onnxruntime-web'],
  },
  ortNode: {
    title: 'onnxruntime-node (native code)',
    runner: 'onnx',
    options: { platform: 'node', threads: 1 },
    packages: ['onnxruntime-node'],
  },
  brain: { title: 'brain.js', runner: 'brain', options: {}, packages: ['brain.js'] },
} as const satisfies Record<string, Library>;

export type LibraryName = keyof typeof libraries;

export const isRival = (name: LibraryName): boolean => libraries[name].runner !== 'funhash';
