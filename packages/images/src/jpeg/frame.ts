import { refuse } from './jpeg-error.ts';
import { zigzag } from './zigzag.ts';

/** A component: its coefficients, quantised, block by block, each row-major. */
export interface Component {
  readonly id: number;
  /** Sampling factors. */
  readonly across: number;
  readonly down: number;
  readonly table: number;
  readonly blocksAcross: number;
  readonly blocksDown: number;
  readonly coefficients: Int16Array;
}

export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly isProgressive: boolean;
  readonly components: readonly Component[];
  readonly mostAcross: number;
  readonly mostDown: number;
  /** Units of all components that a scan interleaves. */
  readonly unitsAcross: number;
  readonly unitsDown: number;
}

/**
 * The head of a frame (B.2.2), with room for its coefficients.
 *
 * @throws PictureError for other than 8 bits, 1 or 3 components, chroma at full or half resolution, more than `maxPixels`
 */
export function readFrame(body: Uint8Array, isProgressive: boolean, maxPixels: number): Frame {
  const [bits, h1 = 0, h0 = 0, w1 = 0, w0 = 0, count = 0] = body;
  const [height, width] = [(h1 << 8) | h0, (w1 << 8) | w0];
  if (bits !== 8) refuse('8 bits of a sample', `${bits}`);
  if (width === 0 || height === 0) refuse('a size', `${width} × ${height}`);
  if (width * height > maxPixels) refuse(`at most ${maxPixels} pixels`, `${width} × ${height}`);
  if ((count !== 1 && count !== 3) || body.length < 6 + 3 * count) refuse('1 or 3 components', `${count}`);
  const heads = Array.from({ length: count }, (_, k) => {
    const [id = 0, factors = 0, table = 0] = body.subarray(6 + 3 * k);
    // A component alone is its own unit, whatever its factors (A.2.2).
    const [across, down] = count === 1 ? [1, 1] : [factors >> 4, factors & 15];
    if (across < 1 || across > 2 || down < 1 || down > 2 || table > 3 || (k > 0 && across * down > 1))
      refuse('chroma at full or half resolution', `sampling ${across} × ${down} of component ${k + 1}`);
    return { id, across, down, table };
  });
  const [{ across: mostAcross, down: mostDown }] = heads as [(typeof heads)[0]];
  const unitsAcross = Math.ceil(width / (8 * mostAcross));
  const unitsDown = Math.ceil(height / (8 * mostDown));
  const components = heads.map((head) => {
    const [blocksAcross, blocksDown] = [unitsAcross * head.across, unitsDown * head.down];
    return {
      ...head,
      blocksAcross,
      blocksDown,
      coefficients: new Int16Array(blocksAcross * blocksDown * 64),
    };
  });
  return { width, height, isProgressive, components, mostAcross, mostDown, unitsAcross, unitsDown };
}

/** Tables of a DQT segment (B.2.4.1), row-major, by number. @throws PictureError */
export function readQuantization(body: Uint8Array, tables: Uint16Array[]): void {
  for (let at = 0; at < body.length; ) {
    const kind = body[at++] as number;
    const width = (kind >> 4) + 1;
    if (width > 2 || (kind & 15) > 3) refuse('one of four quantisation tables', `${kind}`);
    if (at + 64 * width > body.length) refuse('a whole quantisation table', 'a part');
    const table = new Uint16Array(64);
    for (let k = 0; k < 64; k++) {
      const value = width === 1 ? body[at] : ((body[at] as number) << 8) | (body[at + 1] as number);
      if (value === 0) refuse('steps from 1 on', '0');
      table[zigzag[k] as number] = value as number;
      at += width;
    }
    tables[kind & 15] = table;
  }
}
