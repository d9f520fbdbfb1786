import type { Component, Frame } from './frame.ts';
import { type HuffmanTable, ScanReader } from './huffman.ts';
import { refuse } from './jpeg-error.ts';
import { zigzag } from './zigzag.ts';

interface Part {
  readonly component: Component;
  readonly dc: HuffmanTable | undefined;
  readonly ac: HuffmanTable | undefined;
}

export interface Scan {
  readonly parts: readonly Part[];
  /** First and last coefficient in zig-zag order. */
  readonly from: number;
  readonly to: number;
  /** Bits that earlier scans told, and those below this scan's. */
  readonly high: number;
  readonly low: number;
}

/** The head of a scan (B.2.3). @throws PictureError */
export function readScan(
  body: Uint8Array,
  frame: Frame,
  dc: readonly HuffmanTable[],
  ac: readonly HuffmanTable[],
): Scan {
  const count = body[0] ?? 0;
  if (count < 1 || count > frame.components.length || body.length < 4 + 2 * count)
    refuse('a scan of some components', `${count}`);
  const parts = Array.from({ length: count }, (_, k) => {
    const id = body[1 + 2 * k];
    const tables = body[2 + 2 * k] as number;
    const component = frame.components.find((each) => each.id === id) ?? refuse('a known component', `${id}`);
    return { component, dc: dc[tables >> 4], ac: ac[tables & 15] };
  });
  if (new Set(parts.map(({ component }) => component)).size < count)
    refuse('components that differ', 'one twice in a scan');
  const [from, to, bits] = body.subarray(1 + 2 * count) as unknown as [number, number, number];
  const scan = { parts, from, to, high: bits >> 4, low: bits & 15 };
  if (!frame.isProgressive) return { ...scan, from: 0, to: 63, high: 0, low: 0 };
  const isDc = from === 0;
  if (isDc ? to !== 0 : from > to || to > 63 || count > 1)
    refuse('a band of coefficients', `${from} to ${to}`);
  if (scan.low > 13 || (scan.high !== 0 && scan.high !== scan.low + 1))
    refuse('a bit of coefficients', `${scan.high} after ${scan.low}`);
  return scan;
}

/**
 * Adds what a scan tells to the coefficients of its components.
 *
 * @param at place behind the head of the scan
 * @throws PictureError
 */
export function decodeScan(bytes: Uint8Array, at: number, scan: Scan, frame: Frame, interval: number): void {
  const reader = new ScanReader(bytes, at);
  const predictions = new Int32Array(scan.parts.length);
  const run = { left: 0 };
  const decode = blockDecoder(scan, frame.isProgressive, reader, predictions, run);
  let until = interval;
  const next = (): void => {
    if (interval === 0 || until-- > 0) return;
    until = interval - 1;
    reader.restart();
    predictions.fill(0);
    run.left = 0;
  };
  const [only] = scan.parts as [Part];
  if (scan.parts.length === 1) {
    // Alone, a component is coded without what pads it to whole units (A.2.2).
    const { component } = only;
    const across = Math.ceil(Math.ceil((frame.width * component.across) / frame.mostAcross) / 8);
    const down = Math.ceil(Math.ceil((frame.height * component.down) / frame.mostDown) / 8);
    for (let row = 0; row < down; row++)
      for (let col = 0; col < across; col++) {
        next();
        decode(0, component.coefficients, (row * component.blocksAcross + col) * 64);
      }
    return;
  }
  for (let row = 0; row < frame.unitsDown; row++)
    for (let col = 0; col < frame.unitsAcross; col++) {
      next();
      for (const [k, { component }] of scan.parts.entries())
        for (let v = 0; v < component.down; v++)
          for (let h = 0; h < component.across; h++) {
            const block = (row * component.down + v) * component.blocksAcross + col * component.across + h;
            decode(k, component.coefficients, block * 64);
          }
    }
}

type DecodeBlock = (part: number, into: Int16Array, at: number) => void;

function blockDecoder(
  { parts, from, to, high, low }: Scan,
  isProgressive: boolean,
  reader: ScanReader,
  predictions: Int32Array,
  run: { left: number },
): DecodeBlock {
  const table = (part: number, kind: 'dc' | 'ac'): HuffmanTable =>
    parts[part]?.[kind] ?? refuse('a Huffman table for the scan', 'none');
  const difference = (part: number): number => {
    const size = reader.symbol(table(part, 'dc'));
    if (size > 15) refuse('a difference of at most 15 bits', `${size}`);
    predictions[part] = (predictions[part] as number) + reader.signed(size);
    return predictions[part] as number;
  };
  if (!isProgressive)
    return (part, into, at) => {
      into[at] = difference(part);
      const codes = table(part, 'ac');
      for (let k = 1; k < 64; k++) {
        const symbol = reader.symbol(codes);
        const size = symbol & 15;
        if (size === 0 && symbol !== 0xf0) break;
        k += symbol >> 4;
        if (k > 63) refuse('64 coefficients of a block', 'more');
        if (size > 0) into[at + (zigzag[k] as number)] = reader.signed(size);
      }
    };
  if (from === 0)
    return high === 0
      ? (part, into, at) => {
          into[at] = difference(part) * 2 ** low;
        }
      : (_, into, at) => {
          into[at] = (into[at] as number) | (reader.bits(1) << low);
        };
  if (high === 0)
    return (part, into, at) => {
      if (run.left > 0) return void run.left--;
      const codes = table(part, 'ac');
      for (let k = from; k <= to; k++) {
        const symbol = reader.symbol(codes);
        const [zeros, size] = [symbol >> 4, symbol & 15];
        if (size === 0 && zeros < 15) {
          run.left = 2 ** zeros + reader.bits(zeros) - 1;
          return;
        }
        k += zeros;
        if (k > 63) refuse('64 coefficients of a block', 'more');
        if (size > 0) into[at + (zigzag[k] as number)] = reader.signed(size) * 2 ** low;
      }
    };
  return refinement(from, to, low, reader, (part) => table(part, 'ac'), run);
}

/** One bit more of coefficients, and new ones of that bit (G.1.2.3). */
function refinement(
  from: number,
  to: number,
  low: number,
  reader: ScanReader,
  codesOf: (part: number) => HuffmanTable,
  run: { left: number },
): DecodeBlock {
  const bit = 2 ** low;
  /** Refines what is there up to so many zeros, and gives the place of the zero behind them. */
  const skip = (into: Int16Array, at: number, first: number, zeros: number): number => {
    let left = zeros;
    for (let k = first; k <= to; k++) {
      const place = at + (zigzag[k] as number);
      const value = into[place] as number;
      if (value === 0) {
        if (left-- === 0) return k;
      } else if (reader.bits(1) === 1 && (Math.abs(value) & bit) === 0)
        into[place] = value > 0 ? value + bit : value - bit;
    }
    return to + 1;
  };
  return (part, into, at) => {
    let k = from;
    if (run.left === 0) {
      const codes = codesOf(part);
      while (k <= to) {
        const symbol = reader.symbol(codes);
        const [zeros, size] = [symbol >> 4, symbol & 15];
        if (size === 0 && zeros < 15) {
          run.left = 2 ** zeros + reader.bits(zeros);
          break;
        }
        if (size > 1) refuse('one bit of a coefficient', `${size}`);
        const value = size === 0 ? 0 : reader.bits(1) === 1 ? bit : -bit;
        k = skip(into, at, k, zeros);
        if (value !== 0 && k > 63) refuse('64 coefficients of a block', 'more');
        if (value !== 0 && k <= to) into[at + (zigzag[k] as number)] = value;
        k++;
      }
    }
    if (run.left > 0) {
      skip(into, at, k, 64);
      run.left--;
    }
  };
}
