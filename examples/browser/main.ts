import type { Message } from './worker.ts';

const element = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;
const { width: side } = element<HTMLCanvasElement>('plane');
const canvas = element<HTMLCanvasElement>('plane').getContext('2d') as CanvasRenderingContext2D;

function paint(
  scores: Float32Array,
  data: { readonly inputs: Float32Array; readonly labels: Int32Array },
): void {
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

// Long tasks: the page does not answer while one lasts. Training in a worker makes none.
let longTasks = 0;
const tellLongTasks = () => {
  element('busy').textContent = `${longTasks} tasks of this page took over 50 ms`;
};
new PerformanceObserver((list) => {
  longTasks += list.getEntries().length;
  tellLongTasks();
}).observe({ type: 'longtask', buffered: true });
tellLongTasks();

// Bundlers find the worker by this form. Training is there: the page draws, and stays free.
const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
let data: Extract<Message, { type: 'start' }>['data'];
worker.onmessage = ({ data: message }: MessageEvent<Message>) => {
  if (message.type === 'start') {
    data = message.data;
    element('net').textContent = message.net;
  } else if (message.type === 'epoch') {
    element('progress').textContent = message.progress;
    paint(message.scores, data);
  } else {
    document.body.dataset.done = `in ${message.seconds.toFixed(2)} s`;
  }
};
worker.onerror = ({ message }) => {
  element('progress').textContent = message;
};
