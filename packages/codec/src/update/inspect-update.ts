import { crc32, requireBytes } from '@funhash/hashing';
import { refuseAs } from '../coder/bitstream-error.ts';
import { CodewordReader } from '../coder/codeword-reader.ts';
import { stepOf } from '../coder/quantize/step.ts';
import { headBytes, magic, stepBits, stepOffset, tailBytes } from './layout.ts';

/** What an update says without its base. */
export interface UpdateInspection {
  readonly byteLength: number;
  /** CRC-32 of the base that it is for. */
  readonly base: number;
  /** Distance between levels, as a share of the root mean square of each tensor unless it is `absolute`. */
  readonly step: number;
  readonly absolute: boolean;
  /** Whether levels are those of dependent quantisation. */
  readonly dependent: boolean;
}

/** An update whose checksum is right, and the codeword behind its first numbers. */
export interface OpenUpdate extends UpdateInspection {
  readonly isJoined: boolean;
  readonly reader: CodewordReader;
  /** Bytes of the codeword. */
  readonly codewordBytes: number;
}

/**
 * What an update says without its base.
 *
 * @throws BitstreamError for bytes that are no update, are damaged or cut off
 */
export function inspectUpdate(bytes: Uint8Array): UpdateInspection {
  const { byteLength, base, step, absolute, dependent } = openUpdate('inspectUpdate', bytes);
  return { byteLength, base, step, absolute, dependent };
}

/** @throws BitstreamError */
export function openUpdate(operation: string, given: Uint8Array): OpenUpdate {
  const bytes = requireBytes(operation, 'an update', given);
  const refuse = refuseAs(operation);
  if (magic.some((byte, k) => bytes[k] !== byte)) refuse('an update, version 1', 'other bytes');
  const end = bytes.length - tailBytes;
  if (end < headBytes + 2) refuse('a whole update', `${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (crc32(bytes.subarray(0, end)) >>> 0 !== view.getUint32(end, true))
    refuse('the checksum of the bytes', 'another: the update is damaged or cut off');
  const codeword = bytes.subarray(headBytes, end);
  const reader = new CodewordReader(codeword);
  const [dependent, absolute, isJoined] = [reader.bits(1) === 1, reader.bits(1) === 1, reader.bits(1) === 1];
  const step = stepOf(reader.bits(stepBits) - stepOffset);
  return {
    byteLength: bytes.length,
    base: view.getUint32(magic.length, true),
    step,
    absolute,
    dependent,
    isJoined,
    reader,
    codewordBytes: codeword.length,
  };
}
