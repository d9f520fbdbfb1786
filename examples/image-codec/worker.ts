// Decodes and encodes beside the page, which stays free meanwhile.
import {
  baseNet,
  decodeJpeg,
  decodePicture,
  encodePicture,
  psnr,
  type RgbPicture,
  restore,
  toRgb,
} from '@funhash/images';
import { useBackend } from '@funhash/layers';

/** What the page asks for: a JPEG or a picture file, and what it was made of, where that is known. */
export interface Request {
  readonly file: Uint8Array;
  readonly original?: RgbPicture;
  /** Steps of tuning on the original. */
  readonly steps: number;
}

/** A picture that the page can show, its bytes, and decibels where the original is known. */
export interface View {
  readonly name: 'JPEG' | 'base' | 'tuned' | 'original';
  readonly picture: RgbPicture;
  readonly bytes?: number;
  readonly decibels?: number;
}

/** What the worker tells the page. */
export type Message =
  | { readonly type: 'views'; readonly views: readonly View[]; readonly ms: number }
  | { readonly type: 'step'; readonly step: number; readonly steps: number }
  | {
      readonly type: 'end';
      readonly view?: View;
      readonly mode: string;
      readonly file: Uint8Array;
      /** Transparency of the picture, where it has any, and its bytes in the file, where they were encoded here. */
      readonly alpha?: Uint8Array;
      readonly alphaBytes: number;
      readonly ms: number;
    }
  | { readonly type: 'error'; readonly message: string };

const tell = (message: Message): void => postMessage(message);
const ready = useBackend('wasm');

async function run({ file, original, steps }: Request): Promise<void> {
  await ready;
  const net = await baseNet();
  const decibels = (picture: RgbPicture) => original && { decibels: psnr(picture, original).rgb };
  const begun = performance.now();
  const decoded = decodeJpeg(file);
  const pictures = { JPEG: toRgb(decoded), base: toRgb(restore(decoded, net)) };
  const ms = performance.now() - begun;
  const bytes = file.length;
  const views: View[] = (['JPEG', 'base'] as const).map((name) => {
    const picture = pictures[name];
    return { name, picture, bytes, ...decibels(picture) };
  });
  if (original) views.push({ name: 'original', picture: original });
  tell({ type: 'views', views, ms });
  const again = performance.now();
  let [out, alphaBytes] = [file, 0];
  if (original && (steps > 0 || original.alpha)) {
    const onStep = (step: number, of: number): void => tell({ type: 'step', step, steps: of });
    ({ bytes: out, alphaBytes } = await encodePicture(file, original, net, { steps, onStep }));
  }
  const { mode, ...picture } = decodePicture(out, net);
  const isTuned = mode === 'tuned' || mode === 'multipliers';
  const { alpha } = picture;
  const view = { name: 'tuned' as const, picture, bytes: out.length, ...decibels(picture) };
  tell({
    type: 'end',
    mode,
    ...(isTuned && { view }),
    file: out,
    ...(alpha && { alpha }),
    alphaBytes,
    ms: performance.now() - again,
  });
}

addEventListener('message', ({ data }: MessageEvent<Request>) => {
  run(data).catch((error: unknown) => tell({ type: 'error', message: String(error) }));
});
