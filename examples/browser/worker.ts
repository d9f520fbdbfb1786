// Trains beside the page: what takes long is here, what the page gets are numbers to draw.
import { type Sequential, scope, tensor, useBackend } from '@funhash/layers';
import { build, data, train } from './spirals.ts';

/** What the worker tells the page. */
export type Message =
  | { readonly type: 'start'; readonly net: string; readonly data: typeof data }
  | { readonly type: 'epoch'; readonly progress: string; readonly scores: Float32Array }
  | { readonly type: 'end'; readonly seconds: number };

/** Points along each side of the picture. */
const side = 128;
const grid = Float32Array.from({ length: side * side * 2 }, (_, k) => {
  const at = k % 2 === 0 ? (k >> 1) % side : Math.floor((k >> 1) / side);
  return (2 * (at + 0.5)) / side - 1;
});

const tell = (message: Message) => postMessage(message);
const scoresOf = (model: Sequential) =>
  scope(() => Float32Array.from(model.forward(tensor(grid, [side * side, 2])).dataSync()));

// Strict: an op that WebAssembly cannot do would throw instead of running slowly.
const backend = await useBackend('wasm', { strict: true });
const model = build();
const { storedCount, virtualCount } = model.summary().total;
const net = `${storedCount} stored values stand for ${virtualCount} weights, on ${backend.name}`;
tell({ type: 'start', net, data });
for await (const event of train(model)) {
  if (event.type === 'epoch') {
    const { loss, errorRate } = event.validation ?? { loss: Number.NaN, errorRate: Number.NaN };
    const wrong = (100 * errorRate).toFixed(1);
    const progress = `epoch ${event.epoch}: validation loss ${loss.toFixed(6)}, ${wrong} % wrong`;
    tell({ type: 'epoch', progress, scores: scoresOf(model) });
  }
  if (event.type === 'end') tell({ type: 'end', seconds: event.seconds });
}
