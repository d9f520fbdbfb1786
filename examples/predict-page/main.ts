import { readPredictor } from '@funhash/layers/predict';

const element = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;

async function run(): Promise<void> {
  const file = await (await fetch('./ring.fhp')).arrayBuffer();
  const predictor = await readPredictor(file);
  const canvas = element<HTMLCanvasElement>('plane');
  const side = canvas.width;
  const points = Float32Array.from({ length: 2 * side * side }, (_, k) => {
    const point = k >> 1;
    const along = k % 2 === 0 ? point % side : Math.floor(point / side);
    return (2 * along + 1) / side - 1;
  });
  const begun = performance.now();
  const { data } = predictor.predict(points);
  const ms = performance.now() - begun;
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  const image = context.createImageData(side, side);
  let right = 0;
  for (let k = 0; k < side * side; k++) {
    const isIn = (data[2 * k + 1] as number) > (data[2 * k] as number);
    const radius = Math.hypot(points[2 * k] as number, points[2 * k + 1] as number);
    if (isIn === (radius > 0.4 && radius < 0.8)) right++;
    image.data.set(isIn ? [250, 190, 60, 255] : [30, 60, 120, 255], 4 * k);
  }
  context.putImageData(image, 0, 0);
  document.body.dataset.by = predictor.by;
  document.body.dataset.right = (right / (side * side)).toFixed(3);
  element('told').textContent =
    `${side * side} points by ${predictor.by === 'code' ? 'WebAssembly' : 'plain script'} in ${ms.toFixed(1)} ms; the file has ${file.byteLength} bytes.`;
}

run().catch((error: unknown) => {
  document.body.dataset.by = 'error';
  element('told').textContent = String(error);
});
