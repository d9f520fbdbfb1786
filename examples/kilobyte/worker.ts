// Trains beside the page, and answers what digit is drawn.
import { fromIdx } from '@funhash/datasets';
import { load, type Module, scope, softmax, tensor, useBackend } from '@funhash/layers';
import { type Recipe, train } from './train.ts';

export type Request =
  | { readonly type: 'train'; readonly recipe: Recipe; readonly images?: number }
  | { readonly type: 'look'; readonly pixels: Float32Array };

export type Answer =
  | { readonly type: 'progress'; readonly text: string; readonly share: number }
  | { readonly type: 'end'; readonly file: Uint8Array; readonly text: string; readonly seconds: number }
  | { readonly type: 'seen'; readonly shares: Float32Array }
  | { readonly type: 'failed'; readonly text: string };

const tell = (answer: Answer) => postMessage(answer);
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
/** The files of MNIST, which lie beside the page. */
const files = {
  trainImages: 'train-images-idx3-ubyte',
  trainLabels: 'train-labels-idx1-ubyte',
  testImages: 't10k-images-idx3-ubyte',
  testLabels: 't10k-labels-idx1-ubyte',
} as const;
const bytesAt = async (url: string): Promise<Uint8Array> =>
  new Uint8Array(await (await fetch(new URL(`/${url}`, location.href))).arrayBuffer());

/** The model as its file has it. */
let model: Module | undefined;

async function run(recipe: Recipe, images?: number): Promise<void> {
  const begun = performance.now();
  await useBackend('wasm', { strict: true });
  const read = await Promise.all(
    Object.entries(files).map(async ([name, url]) => [name, await bytesAt(url)] as const),
  );
  const all = fromIdx(Object.fromEntries(read) as Record<keyof typeof files, Uint8Array>, { name: 'mnist' });
  const data =
    images === undefined
      ? all
      : {
          ...all,
          train: {
            ...all.train,
            count: images,
            inputs: all.train.inputs.subarray(0, images * 784),
            labels: all.train.labels.subarray(0, images),
          },
        };
  const total = recipe.epochs[0] + recipe.epochs[1];
  let done = 0;
  for await (const event of train(data, recipe)) {
    const seconds = (performance.now() - begun) / 1000;
    if (event.type === 'epoch') {
      done++;
      const what = event.phase === 'plain' ? 'training' : 'weights are levels, and pay for their bits';
      const left = Math.ceil((seconds / done) * (total - done));
      const text = `${what}: pass ${event.epoch} of ${event.epochs}, ${percent(event.error)} of held-out digits wrong, about ${left} s left`;
      tell({ type: 'progress', text, share: done / total });
    } else {
      model = await load(event.file);
      const text = `${event.file.length} bytes, ${percent(event.error)} of ${recipe.validation} held-out digits wrong`;
      tell({ type: 'end', file: event.file, text, seconds });
    }
  }
}

addEventListener('message', async ({ data }: MessageEvent<Request>) => {
  try {
    if (data.type === 'train') await run(data.recipe, data.images);
    else if (model) {
      const net = model;
      const shares = scope(() =>
        Float32Array.from(softmax(net.forward(tensor(data.pixels, [1, 784]))).dataSync()),
      );
      tell({ type: 'seen', shares });
    }
  } catch (error) {
    tell({ type: 'failed', text: error instanceof Error ? error.message : String(error) });
  }
});
