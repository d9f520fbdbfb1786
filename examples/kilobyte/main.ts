import { digitOf } from './digit.ts';
import { usual } from './train.ts';
import type { Answer, Request } from './worker.ts';

const element = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;
const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
const send = (request: Request): void => worker.postMessage(request);

const [start, bytes, told, bar] = [
  element<HTMLButtonElement>('start'),
  element<HTMLInputElement>('bytes'),
  element('told'),
  element<HTMLProgressElement>('bar'),
];
// For a first look, and for tests: fewer images and passes, as in ?images=2000&epochs=1,2.
const asked = new URLSearchParams(location.search);
const images = asked.has('images') ? Number(asked.get('images')) : undefined;
const passes = asked.get('epochs')?.split(',').map(Number);

start.onclick = () => {
  start.disabled = true;
  bar.hidden = false;
  told.textContent = 'reading 60 000 digits …';
  delete document.body.dataset.done;
  const recipe = {
    ...usual,
    bytes: bytes.valueAsNumber,
    ...(passes?.length === 2 && { epochs: passes as [number, number] }),
    ...(images !== undefined && { validation: Math.floor(images / 10) }),
  };
  send({ type: 'train', recipe, ...(images !== undefined && { images }) });
};

worker.onmessage = ({ data }: MessageEvent<Answer>) => {
  if (data.type === 'progress') {
    told.textContent = data.text;
    bar.value = data.share;
  } else if (data.type === 'seen') {
    const best = data.shares.reduce((most, share, k, all) => (share > (all[most] as number) ? k : most), 0);
    element('seen').textContent = `a ${best}, ${(100 * (data.shares[best] as number)).toFixed(0)} % sure`;
  } else {
    start.disabled = false;
    bar.hidden = true;
    told.textContent = data.text;
    if (data.type === 'failed') return;
    const link = element<HTMLAnchorElement>('save');
    link.href = URL.createObjectURL(new Blob([data.file.slice()]));
    link.hidden = false;
    element('hex').textContent = Array.from(data.file, (byte) => byte.toString(16).padStart(2, '0')).join(
      ' ',
    );
    element('after').hidden = false;
    document.body.dataset.done = data.seconds.toFixed(1);
  }
};
worker.onerror = ({ message }) => {
  told.textContent = message;
};

const paper = element<HTMLCanvasElement>('paper');
const pen = paper.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D;
pen.lineWidth = 22;
pen.lineCap = 'round';
pen.lineJoin = 'round';
const at = (event: PointerEvent): [number, number] => {
  const { left, top, width } = paper.getBoundingClientRect();
  const scale = paper.width / width;
  return [(event.clientX - left) * scale, (event.clientY - top) * scale];
};
let isDown = false;
paper.onpointerdown = (event) => {
  isDown = true;
  paper.setPointerCapture(event.pointerId);
  pen.strokeStyle = getComputedStyle(paper).color;
  pen.beginPath();
  pen.moveTo(...at(event));
};
paper.onpointermove = (event) => {
  if (!isDown) return;
  pen.lineTo(...at(event));
  pen.stroke();
};
paper.onpointerup = () => {
  isDown = false;
  const pixels = digitOf(paper);
  if (pixels) send({ type: 'look', pixels });
};
element('clear').onclick = () => {
  pen.clearRect(0, 0, paper.width, paper.height);
  element('seen').textContent = '';
};
