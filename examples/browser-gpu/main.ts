// Two spirals, told apart in WebGL2: weights stay on the GPU, and what is drawn is read back once an epoch.
import { spirals } from '@funhash/datasets';
import { createBackend } from '@funhash/gpu';
import { Dense, funHash, Sequential, scope, tensor, useBackend } from '@funhash/layers';
import { adam, errorRate, fit } from '@funhash/training';

const element = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;
const contextOf = (id: string) => element<HTMLCanvasElement>(id).getContext('2d') as CanvasRenderingContext2D;
const [plane, curve] = [contextOf('plane'), contextOf('losses')];
const side = plane.canvas.width;
const grid = Float32Array.from({ length: side * side * 2 }, (_, k) => {
  const at = k % 2 === 0 ? (k >> 1) % side : Math.floor((k >> 1) / side);
  return (2 * (at + 0.5)) / side - 1;
});

async function paint(model: Sequential): Promise<void> {
  const output = scope(() => model.forward(tensor(grid, [side * side, 2])));
  const scores = await output.data();
  output.dispose();
  const image = plane.createImageData(side, side);
  for (let k = 0; k < side * side; k++) {
    const p = 1 / (1 + Math.exp((scores[2 * k] as number) - (scores[2 * k + 1] as number)));
    image.data.set([40 + 200 * p, 90 + 80 * (1 - Math.abs(2 * p - 1)), 240 - 200 * p, 255], 4 * k);
  }
  plane.putImageData(image, 0, 0);
}

function plot(losses: readonly number[]): void {
  const { width, height } = curve.canvas;
  const most = Math.max(...losses);
  curve.clearRect(0, 0, width, height);
  curve.beginPath();
  losses.forEach((loss, k) => {
    curve.lineTo((k / losses.length) * width, height - (loss / most) * (height - 8) - 4);
  });
  curve.strokeStyle = '#2855d8';
  curve.lineWidth = 2;
  curve.stroke();
}

const options = { mode: 'webgl2', strict: true } as const;
const backend = await useBackend(createBackend, options).catch((error: unknown) => {
  element('loss').textContent = String(error);
  throw error;
});
const model = new Sequential([
  new Dense({ in: 2, out: 64, activation: 'tanh' }),
  new Dense({ in: 64, out: 64, activation: 'tanh', weight: funHash({ ratio: 1 / 8 }) }),
  new Dense({ in: 64, out: 2 }),
]);
const { storedCount, virtualCount } = model.summary().total;
element('net').textContent = `${storedCount} stored values stand for ${virtualCount} weights`;

const losses: number[] = [];
const optimizer = adam({ learningRate: 0.01 });
const data = spirals(1000, 1);
const run = { model, data, validation: 0.2, epochs: 40, batchSize: 40, optimizer, metrics: { errorRate } };
const began = performance.now();
let before = backend.counters();
let frames = 0;
for await (const event of fit({ ...run, reportEverySteps: 1 })) {
  if (event.type === 'step') {
    losses.push(event.loss);
    const now = backend.counters();
    const reads = now.reads - before.reads;
    element('step').textContent = `${now.passes - before.passes} passes, ${reads} read-back of the loss`;
    element('memory').textContent =
      `${now.arrays} textures, ${(now.arrayBytes / 1024).toFixed(0)} kB; ${now.kernels} kernels`;
    before = now;
  } else if (event.type === 'epoch') {
    await paint(model);
    plot(losses);
    frames++;
    const { loss, errorRate } = event.validation ?? { loss: Number.NaN, errorRate: Number.NaN };
    const wrong = `${(100 * errorRate).toFixed(1)} % wrong`;
    element('loss').textContent = `epoch ${event.epoch}: validation loss ${loss.toFixed(4)}, ${wrong}`;
    const rate = (frames / (performance.now() - began)) * 1000;
    element('frames').textContent = `${frames} of ${run.epochs}, ${rate.toFixed(1)} a second`;
    before = backend.counters();
  } else if (event.type === 'end') document.body.dataset.done = `in ${event.seconds.toFixed(2)} s`;
}
