import { fromRgba, toRgba } from '@funhash/images';
import { drawn } from './drawn.ts';
import type { Message, Request, View } from './worker.ts';

const element = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;
const [left, right] = [element<HTMLCanvasElement>('left'), element<HTMLCanvasElement>('right')];
const [chooseLeft, chooseRight] = [
  element<HTMLSelectElement>('of-left'),
  element<HTMLSelectElement>('of-right'),
];
const slider = element<HTMLInputElement>('slider');
const told = element('told');

/** Largest side of a photo that is read: larger ones are shrunk. */
const mostSide = 1024;

let views: View[] = [];
let worker: Worker | undefined;
/** What was asked for last: what was asked for before, and is not read yet, is not shown. */
let turn = 0;

/** Ends what is under way. */
function begin(): number {
  worker?.terminate();
  delete document.body.dataset.done;
  return ++turn;
}

slider.oninput = () => {
  right.style.clipPath = `inset(0 0 0 ${slider.value}%)`;
  element('line').style.left = `${slider.value}%`;
};
for (const [choice, canvas] of [
  [chooseLeft, left],
  [chooseRight, right],
] as const)
  choice.onchange = () =>
    paint(
      canvas,
      views.find(({ name }) => name === choice.value),
    );
element<HTMLInputElement>('file').onchange = ({ target }) => {
  const [file] = (target as HTMLInputElement).files ?? [];
  if (file) void read(file).catch(fail);
};
element('quality').onchange = () => void again?.();

/** Encodes what was read last once more. */
let again: (() => Promise<void>) | undefined;

async function read(file: File): Promise<void> {
  const own = begin();
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (own !== turn) return;
  // A picture file is shown as it is: its original is not known.
  if (isJpegWithUpdate(bytes)) {
    again = undefined;
    return start({ file: bytes, steps: 0 });
  }
  const bitmap = await createImageBitmap(file);
  if (own !== turn) return;
  const scale = Math.min(1, mostSide / Math.max(bitmap.width, bitmap.height));
  const canvas = new OffscreenCanvas(Math.round(bitmap.width * scale), Math.round(bitmap.height * scale));
  const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  again = () => encode(canvas);
  await again();
}

/** The browser's own encoder makes the JPEG, on white; what is added to it comes from the worker. */
async function encode(canvas: OffscreenCanvas): Promise<void> {
  const own = begin();
  const quality = Number(element<HTMLInputElement>('quality').value) / 100;
  const { width, height } = canvas;
  const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;
  const original = fromRgba(context.getImageData(0, 0, width, height));
  const white = new OffscreenCanvas(width, height);
  const { data } = toRgba({ width, height, data: original.data });
  (white.getContext('2d') as OffscreenCanvasRenderingContext2D).putImageData(
    new ImageData(data, width, height),
    0,
    0,
  );
  const blob = await white.convertToBlob({ type: 'image/jpeg', quality });
  const file = new Uint8Array(await blob.arrayBuffer());
  if (own !== turn) return;
  start({
    file,
    original,
    steps: Number(element<HTMLInputElement>('steps').value),
  });
}

function start(request: Request): void {
  worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  worker.onmessage = ({ data }: MessageEvent<Message>) => hear(data);
  worker.onerror = ({ message }) => fail(message);
  views = [];
  told.textContent = 'decoding …';
  element('save').hidden = true;
  worker.postMessage(request);
}

function hear(message: Message): void {
  if (message.type === 'views') {
    views = [...message.views];
    told.textContent = `JPEG and network decoded in ${message.ms.toFixed(0)} ms`;
    choose('JPEG', 'base');
  } else if (message.type === 'step') {
    told.textContent = `tuning on this picture: step ${message.step + 1} of ${message.steps}`;
  } else if (message.type === 'end') {
    const { alpha, view } = message;
    // The JPEG stays on white, as others see it.
    if (alpha)
      views = views.map((each) =>
        each.name === 'base' ? { ...each, picture: { ...each.picture, alpha } } : each,
      );
    if (view) views.splice(2, 0, view);
    const seconds = (message.ms / 1000).toFixed(1);
    const done = view
      ? `tuned in ${seconds} s: the update has ${message.file.length - (views[0]?.bytes ?? 0) - message.alphaBytes} bytes`
      : `nothing is added: the file is “${message.mode}”`;
    told.textContent = message.alphaBytes ? `${done}, transparency ${message.alphaBytes} bytes` : done;
    choose('JPEG', view ? 'tuned' : 'base');
    const save = element<HTMLAnchorElement>('save');
    URL.revokeObjectURL(save.href);
    save.href = URL.createObjectURL(
      new Blob([message.file as Uint8Array<ArrayBuffer>], { type: 'image/jpeg' }),
    );
    save.hidden = false;
    document.body.dataset.done = message.mode;
  } else fail(message.message);
}

/** Fills the lists, and shows two of them. */
function choose(...names: readonly [string, string]): void {
  for (const [k, choice] of [chooseLeft, chooseRight].entries()) {
    choice.replaceChildren(...views.map((view) => new Option(labelOf(view), view.name)));
    choice.value = names[k] as string;
    choice.dispatchEvent(new Event('change'));
  }
}

function labelOf({ name, bytes, decibels }: View): string {
  const size = bytes === undefined ? '' : `, ${bytes.toLocaleString('en')} bytes`;
  return `${name}${size}${decibels === undefined ? '' : `, ${decibels.toFixed(2)} dB`}`;
}

function paint(canvas: HTMLCanvasElement, view: View | undefined): void {
  if (!view) return;
  const { width, height, data } = toRgba(view.picture);
  Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  context.putImageData(new ImageData(data, width, height), 0, 0);
}

function fail(error: unknown): void {
  told.textContent = String(error);
  document.body.dataset.done = 'error';
}

/** Whether bytes are a JPEG that has the segment of a picture file near its beginning. */
function isJpegWithUpdate(bytes: Uint8Array): boolean {
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, 64));
  return bytes[0] === 0xff && bytes[1] === 0xd8 && head.includes('FHI\0');
}

again = () => encode(drawn());
void again().catch(fail);
