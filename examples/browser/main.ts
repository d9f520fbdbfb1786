import { type Sequential, scope, tensor, useBackend } from '@funhash/layers';
import { build, data, train } from './spirals.ts';

const side = 128;
const grid = Float32Array.from({ length: side * side * 2 }, (_, k) => {
  const at = k % 2 === 0 ? (k >> 1) % side : Math.floor((k >> 1) / side);
  return (2 * (at + 0.5)) / side - 1;
});

const element = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;
const canvas = element<HTMLCanvasElement>('plane').getContext('2d') as CanvasRenderingContext2D;

function paint(model: Sequential): void {
  const scores = scope(() => model.forward(tensor(grid, [side * side, 2])).dataSync());
  const image = canvas.createImageData(side, side);
  for (let k = 0; k < side * side; k++) {
    const p = 1 / (1 + Math.exp((scores[2 * k] as number) - (scores[2 * k + 1] as number)));
    image.data.set([40 + 200 * p, 90 + 80 * (1 - Math.abs(2 * p - 1)), 240 - 200 * p, 255], 4 * k);
  }
  canvas.putImageData(image, 0, 0);
  data.labels.forEach((label, k) => {
    canvas.fillStyle = label === 0 ? '#0b2a80' : '#ffe9c2';
    const [x, y] = [data.inputs[2 * k] as number, data.inputs[2 * k + 1] as number];
    canvas.fillRect(((x + 1) / 2) * side, ((y + 1) / 2) * side, 1, 1);
  });
}

// Strict: an op that WebAssembly cannot do would throw instead of running slowly.
const backend = await useBackend('wasm', { strict: true });
const model = build();
const { storedCount, virtualCount } = model.summary().total;
element('net').textContent =
  `${storedCount} stored values stand for ${virtualCount} weights, on ${backend.name}`;
for await (const event of train(model)) {
  if (event.type === 'epoch') {
    const { loss, errorRate } = event.validation ?? { loss: Number.NaN, errorRate: Number.NaN };
    element('progress').textContent =
      `epoch ${event.epoch}: validation loss ${loss.toFixed(6)}, ${(100 * errorRate).toFixed(1)} % wrong`;
    paint(model);
  }
  if (event.type === 'end') document.body.dataset.done = `in ${event.seconds.toFixed(2)} s`;
}
