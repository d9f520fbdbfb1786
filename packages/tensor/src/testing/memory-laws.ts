import { type Random, random } from '@funhash/hashing';
import { LawError } from '@funhash/hashing/testing';
import type { Backend, DeviceBuffer } from '../backend.ts';
import type { DType, TypedArray } from '../dtype.ts';
import { drawValues } from './operand.ts';
import { everyDType, firstDifference } from './trial.ts';

/** Laws of a backend's memory: allocate, free, upload, download and, where there is one, host. */
export const memoryLaws: readonly { readonly name: string; check(backend: Backend): Promise<void> }[] = [
  { name: 'allocate: a buffer says its dtype and length', check: allocation },
  { name: 'download: what was uploaded, bit for bit, as a copy', check: roundTrip },
  { name: 'free: buffers never overlap, whatever the order of freeing', check: separation },
  { name: 'free: memory is used again', check: reuse },
  { name: 'host: a live view of the same elements', check: liveView },
];

function fail(operation: string, expected: string, actual: string): never {
  throw new LawError({ operation, expected, actual });
}

function requireSame(operation: string, actual: TypedArray, expected: TypedArray): void {
  if (actual.constructor !== expected.constructor)
    fail(operation, expected.constructor.name, actual.constructor.name);
  const wrong = firstDifference(actual, expected, undefined);
  if (wrong !== undefined)
    fail(operation, `${expected[wrong]} at position ${wrong} of ${expected.length}`, String(actual[wrong]));
}

const lengths = [0, 1, 3, 4, 17, 1000, 65_537];

async function allocation(backend: Backend): Promise<void> {
  for (const dtype of everyDType)
    for (const length of lengths) {
      const buffer = backend.allocate(dtype, length);
      if (buffer.dtype !== dtype || buffer.length !== length)
        fail('allocate', `${dtype} × ${length}`, `${buffer.dtype} × ${buffer.length}`);
      const held = await backend.download(buffer);
      if (held.length !== length) fail('download', `${length} elements`, String(held.length));
      backend.free(buffer);
    }
}

function filled(backend: Backend, dtype: DType, length: number, draw: Random) {
  const values = drawValues(dtype, length, draw, true);
  const buffer = backend.allocate(dtype, length);
  backend.upload(buffer, values);
  return { buffer, values };
}

async function roundTrip(backend: Backend): Promise<void> {
  const draw = random(1);
  for (const dtype of everyDType)
    for (const length of lengths) {
      const { buffer, values } = filled(backend, dtype, length, draw);
      const expected = values.slice() as TypedArray;
      values.fill(9);
      const first = await backend.download(buffer);
      requireSame('download', first, expected);
      first.fill(8);
      requireSame('download', await backend.download(buffer), expected);
      backend.free(buffer);
    }
}

async function separation(backend: Backend): Promise<void> {
  const draw = random(2);
  const live: { buffer: DeviceBuffer; values: TypedArray }[] = [];
  for (let k = 0; k < 300; k++) {
    if (live.length > 0 && draw.integer(5) < 2) {
      const [{ buffer, values }] = live.splice(draw.integer(live.length), 1) as [(typeof live)[number]];
      requireSame('free', await backend.download(buffer), values);
      backend.free(buffer);
    } else {
      const dtype = everyDType[draw.integer(everyDType.length)] as DType;
      live.push(filled(backend, dtype, draw.integer(k % 20 === 0 ? 50_000 : 200), draw));
    }
  }
  for (const { buffer, values } of live) {
    requireSame('free', await backend.download(buffer), values);
    backend.free(buffer);
  }
}

// 8 GB in all: more than 32-bit addresses reach.
async function reuse(backend: Backend): Promise<void> {
  for (let k = 0; k < 2048; k++) backend.free(backend.allocate('f32', 1 << 20));
}

async function liveView(backend: Backend): Promise<void> {
  if (!backend.host) return;
  const draw = random(3);
  for (const dtype of everyDType) {
    const { buffer, values } = filled(backend, dtype, 37, draw);
    requireSame('host', backend.host(buffer), values);
    backend.host(buffer)[5] = 1;
    values[5] = 1;
    requireSame('host', await backend.download(buffer), values);
    backend.upload(buffer, values.reverse() as TypedArray);
    requireSame('host', backend.host(buffer), values);
    backend.free(buffer);
  }
}
