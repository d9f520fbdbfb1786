import { decodePng, type IdxArray, isPng, parseIdx, pictureReader, pngSize } from '@funhash/datasets';
import type { Signature } from '@funhash/layers';
import { UsageError } from '../errors.ts';
import { type NumbersOf, parseNumbers } from './json-numbers.ts';

/** Inputs of a net: `values` is [count, …input]. */
export interface Inputs {
  readonly count: number;
  readonly values: Float32Array | Int32Array;
}

/** What a net takes. Without a dtype and a scale: numbers from 0 to 1. */
export type Asked = Omit<Signature, 'classes'>;

/** Grey level behind transparent pixels; undefined where none was stated. */
export interface Shown {
  readonly background?: number | undefined;
}

/** Longest JSON text. */
const maxJsonBytes = 2 ** 26;

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, extent) => size * extent, 1);
const shown = (shape: readonly number[]): string => shape.join(' × ');

/**
 * Inputs of a net in the bytes of a PNG, IDX or JSON file, told apart by the first ones. What does not fit the net in
 * shape, kind or range is refused, never read as something else:
 *
 * - a picture has the net's height and width; grey or colour as the net has; bytes become the net's scale;
 *   (of a net whose pictures came from a folder: a PNG, JPEG or WebP of any size, scaled as those were);
 * - an IDX file has one input, or many, of the net's shape or flat; bytes are pixels, others numbers as they are;
 * - JSON holds lists of equal length of the same shapes; numbers as they are;
 * - numbers as they are lie within the net's scale, where it has one.
 *
 * @throws UsageError or DataFormatError
 */
export async function decodeInputs(
  bytes: Uint8Array,
  path: string,
  asked: Asked,
  { background }: Shown = {},
): Promise<Inputs> {
  const refuse = (expected: string, actual: string, remedy?: string): never => {
    throw new UsageError({ operation: `input ${path}`, expected, actual, ...(remedy && { remedy }) });
  };
  const pictures = pictureReader(asked.transformation);
  if (pictures?.reads(bytes)) {
    const pixels = await pictures.read(bytes, {
      source: path,
      ...(background !== undefined && { background }),
    });
    return { count: 1, values: scaled(pixels, asked) };
  }
  if (isPng(bytes)) return fromPng(bytes, path, asked, background, refuse);
  if (bytes.length >= 4 && bytes[0] === 0 && bytes[1] === 0)
    return fromIdx(parseIdx(bytes, { source: path }), asked, refuse);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    return refuse('a PNG, an IDX file or JSON', 'a gzip file', 'Unpack it first.');
  if (bytes.length > maxJsonBytes)
    return refuse(`at most ${maxJsonBytes} bytes of JSON`, `${bytes.length}`, 'Give an IDX file.');
  if (!beginsAsNumbers(bytes))
    return refuse('a PNG, an IDX file or numbers in JSON', 'a file that begins as none of them');
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return fromNumbers(
    parseNumbers(text, (expected, actual) => refuse(`a PNG, an IDX file or JSON: ${expected}`, actual)),
    asked,
    refuse,
  );
}

/** Whether the first byte behind white space begins a number or a list. */
function beginsAsNumbers(bytes: Uint8Array): boolean {
  const first = bytes.find((byte) => !' \n\r\t'.includes(String.fromCharCode(byte)));
  return first === undefined || '[-0123456789'.includes(String.fromCharCode(first));
}

type Refusal = (expected: string, actual: string, remedy?: string) => never;

async function fromPng(
  bytes: Uint8Array,
  source: string,
  asked: Asked,
  background: number | undefined,
  refuse: Refusal,
): Promise<Inputs> {
  const picture = pictureOf(asked.input);
  if (!picture || asked.dtype === 'i32')
    return refuse(
      asked.dtype === 'i32'
        ? 'whole numbers, as the net takes no pictures'
        : `inputs of ${shown(asked.input)} numbers, which are no picture`,
      'a PNG',
      'Give an IDX file or JSON.',
    );
  const [height, wide, channels] = picture;
  const found = pngSize(bytes, { source });
  if (found.width !== wide || found.height !== height)
    return refuse(
      `an image ${wide} wide and ${height} high`,
      `${found.width} × ${found.height}`,
      'Scale the image to the size that the net was trained on.',
    );
  const { data } = await decodePng(bytes, {
    source,
    channels,
    ...(background !== undefined && { background }),
  });
  return { count: 1, values: scaled(data, asked) };
}

/** Height, width and channels of an input that is a picture; of a flat one, those of a square. */
function pictureOf(input: readonly number[]): readonly [number, number, 1 | 3] | undefined {
  const [height, width, channels = 1] = input;
  if (input.length === 1) {
    const side = Math.sqrt(height as number);
    return Number.isInteger(side) ? [side, side, 1] : undefined;
  }
  const isPicture = input.length <= 3 && (channels === 1 || channels === 3);
  return isPicture ? [height as number, width as number, channels as 1 | 3] : undefined;
}

/** Bytes in the net's scale; whole numbers where it takes those. */
function scaled(pixels: Uint8Array, { dtype, scale: [low, high] = [0, 1] }: Asked): Inputs['values'] {
  if (dtype === 'i32') return Int32Array.from(pixels);
  return Float32Array.from(pixels, (pixel) => low + (high - low) * (pixel / 255));
}

function fromIdx(found: IdxArray, asked: Asked, refuse: Refusal): Inputs {
  const { dtype, shape, data } = found;
  if (dtype === 'u8') return { count: countOf(shape, asked.input, refuse), values: scaled(data, asked) };
  const takesAny = asked.dtype === 'i32' || (asked.dtype === 'f32' && !asked.scale);
  if (!takesAny && dtype !== 'f32' && dtype !== 'f64')
    return refuse(
      `pixels as bytes (u8), or real numbers (f32, f64) ${rangeText(asked)}`,
      dtype,
      'How such whole numbers become inputs is not known: convert them.',
    );
  return fromNumbers({ shape, data: Float32Array.from(data) }, asked, refuse);
}

function fromNumbers({ shape, data }: NumbersOf, asked: Asked, refuse: Refusal): Inputs {
  const count = countOf(shape, asked.input, refuse);
  if (asked.dtype === 'i32') {
    const values = Int32Array.from(data);
    const bad = data.findIndex((x, k) => x !== values[k]);
    if (bad >= 0) refuse('whole numbers', `${data[bad]} as number ${bad}`);
    return { count, values };
  }
  const [low, high] = rangeOf(asked);
  const bad = data.findIndex((x) => !(x >= low && x <= high) || !Number.isFinite(x));
  if (bad >= 0) {
    const isBytes = low >= -1 && high <= 1 && data.every((x) => x >= 0 && x <= 255);
    refuse(
      `numbers ${rangeText(asked)}, as the net was trained on`,
      `${data[bad]} as number ${bad}`,
      isBytes
        ? `Pixels from 0 to 255 become ${low} + ${high - low} · pixel / 255.`
        : 'Scale them as the training data were.',
    );
  }
  return { count, values: data };
}

function rangeOf({ dtype, scale }: Asked): readonly [number, number] {
  return scale ?? (dtype === 'f32' ? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] : [0, 1]);
}

function rangeText(asked: Asked): string {
  const [low, high] = rangeOf(asked);
  return high < Number.POSITIVE_INFINITY ? `from ${low} to ${high}` : 'that are finite';
}

/** How many inputs an array of such a shape holds. */
function countOf(shape: readonly number[], input: readonly number[], refuse: Refusal): number {
  const [count = 1, ...row] = shape;
  if (count >= 1 && shape.length > 1 && fits(row, input)) return count;
  if (fits(shape, input)) return 1;
  // A list of single numbers.
  if (count >= 1 && shape.length === 1 && sizeOf(input) === 1) return count;
  return refuse(
    `inputs of ${shown(input)} numbers, or a list of them`,
    shape.length === 0 ? 'one number' : `${shown(shape)} numbers`,
    'Their shape must be that of the net’s inputs.',
  );
}

/** Whether one input of a shape is one of the net: axes of length 1 aside, the same, or flat on either side. */
function fits(shape: readonly number[], input: readonly number[]): boolean {
  const [given, wanted] = [shape, input].map((axes) => axes.filter((extent) => extent !== 1)) as [
    number[],
    number[],
  ];
  if (sizeOf(given) !== sizeOf(wanted)) return false;
  if (given.length <= 1) return true;
  return given.join() === (wanted.length === 1 ? (pictureOf(wanted)?.slice(0, 2) ?? wanted) : wanted).join();
}
