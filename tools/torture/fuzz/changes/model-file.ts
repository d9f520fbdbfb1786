import { crc32 } from 'node:zlib';
import { type Draw, edges, oneIn, pick } from '../draw.ts';
import { changedBytes, joined, withNumber } from './bytes.ts';
import { changedJson, changedText } from './json.ts';

interface Header {
  readonly __metadata__?: Record<string, string>;
  readonly [tensor: string]: unknown;
}

/**
 * A safetensors file with changes in its header, in the description of the network that its metadata hold, in its
 * data or anywhere. Length and checksum are mostly right again.
 */
export function changedModelFile(file: Uint8Array, draw: Draw): Uint8Array {
  const parts = partsOf(file);
  if (!parts || oneIn(draw, 12)) return changedBytes(file, draw);
  const { header, data } = parts;
  const stamped = (text: string, bytes: Uint8Array): Uint8Array => {
    const made = fileOf(text, bytes, oneIn(draw, 16) ? pick(draw, edges) : undefined);
    if (!oneIn(draw, 12)) stamp(made);
    return made;
  };
  const key = Object.keys(header.__metadata__ ?? {}).find((name) => name !== checksumKey);
  switch (draw.integer(10)) {
    case 0:
      return stamped(changedJson(JSON.stringify(header), draw), data);
    case 1:
      return stamped(changedText(JSON.stringify(header), draw), data);
    case 2:
      return stamped(JSON.stringify(header), changedBytes(data, draw));
    case 3:
      return stamped(JSON.stringify(withNumbers(header, draw)), data);
    case 4: {
      const numbers = [0x7fc00000, 0x7f800000, 0xff800000, 0x80000000, 0x7f7fffff, 1];
      const place = 4 * draw.integer(1 + Math.floor(data.length / 4));
      return stamped(JSON.stringify(header), withNumber(data, place, pick(draw, numbers), 4, false));
    }
    default: {
      if (key === undefined) return stamped(changedJson(JSON.stringify(header), draw), data);
      const metadata = { ...header.__metadata__ };
      metadata[key] = changedJson(metadata[key] as string, draw);
      if (oneIn(draw, 8)) metadata[key] = changedJson(metadata[key] as string, draw);
      return stamped(JSON.stringify({ ...header, __metadata__: metadata }), data);
    }
  }
}

/** Shapes and offsets set to edges, to those of others, or let overlap. */
function withNumbers(header: Header, draw: Draw): Header {
  const tensors = Object.keys(header).filter((name) => name !== '__metadata__');
  if (tensors.length === 0) return header;
  const name = pick(draw, tensors);
  const other = header[pick(draw, tensors)] as { shape: number[]; data_offsets: number[]; dtype: string };
  const own = structuredClone(header[name]) as typeof other;
  const list = pick(draw, [own.shape, own.data_offsets]);
  switch (draw.integer(5)) {
    case 0:
      if (list.length > 0) list[draw.integer(list.length)] = pick(draw, edges);
      break;
    case 1:
      own.data_offsets = [...other.data_offsets];
      break;
    case 2:
      own.shape = pick(draw, [
        [...own.shape, 1],
        [0, 2 ** 40],
        Array(70).fill(1),
        [2 ** 31, 2 ** 31, 0],
        other.shape,
      ]);
      break;
    case 3:
      own.dtype = pick(draw, ['F64', 'F32', 'I32', 'BF16', 'F16', 'U8', 'I64', 'BOOL', other.dtype]);
      break;
    default:
      own.data_offsets = own.data_offsets.map((offset) => offset + draw.integer(9) - 4);
  }
  return { ...header, [name]: own };
}

const checksumKey = 'funhash.checksum';

function partsOf(file: Uint8Array): { readonly header: Header; readonly data: Uint8Array } | undefined {
  if (file.length < 8) return undefined;
  const end = 8 + new DataView(file.buffer, file.byteOffset).getUint32(0, true);
  try {
    const header = JSON.parse(new TextDecoder().decode(file.subarray(8, end))) as Header;
    return { header, data: file.subarray(end) };
  } catch {
    return undefined;
  }
}

function fileOf(text: string, data: Uint8Array, length?: number): Uint8Array {
  const header = new TextEncoder().encode(text);
  const start = new Uint8Array(8);
  new DataView(start.buffer).setUint32(0, length ?? header.length, true);
  return joined([start, header, data]);
}

/** Writes the checksum that a model file of these bytes would have. */
function stamp(file: Uint8Array): void {
  const text = new TextDecoder('latin1').decode(file);
  const match = /"funhash\.checksum"\s*:\s*"crc32:([0-9a-f]{8})"/.exec(text);
  if (!match) return;
  const at = match.index + match[0].length - 9;
  file.fill(0x30, at, at + 8);
  file.set(new TextEncoder().encode(crc32(file).toString(16).padStart(8, '0')), at);
}
