import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArgumentError } from '@funhash/hashing';
import { afterAll, expect, test } from 'vitest';
import { decodeSafetensors } from './decode-safetensors.ts';
import { encodeSafetensors, safetensorsChunks } from './encode-safetensors.ts';
import { ModelFileError } from './model-file-error.ts';
import { lazy, type StoredTensor } from './safetensors.ts';
import { openSafetensors } from './safetensors-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'safetensors-'));
afterAll(() => rmSync(folder, { recursive: true }));

const tensors: Readonly<Record<string, StoredTensor>> = {
  half: { dtype: 'F16', shape: [3], data: Uint16Array.of(1, 2, 3) },
  wide: { dtype: 'F64', shape: [1, 2], data: Float64Array.of(0.5, -3) },
  none: { dtype: 'F32', shape: [0, 4], data: new Float32Array(0) },
  bytes: { dtype: 'U8', shape: [5], data: Uint8Array.of(5, 4, 3, 2, 1) },
  scalar: { dtype: 'I32', shape: [], data: Int32Array.of(-7) },
};
const file = encodeSafetensors(tensors, { made: 'here' });
const path = join(folder, 'net.safetensors');
writeFileSync(path, file);

test('a file that is read tensor by tensor has what one read at once has', () => {
  const opened = openSafetensors(path);
  const whole = decodeSafetensors(file);
  expect(opened.metadata).toEqual(whole.metadata);
  expect(opened.byteLength).toBe(file.length);
  const read = [...opened.tensors].map(([name, { dtype, shape, read }]) => [
    name,
    { dtype, shape, data: read() },
  ]);
  expect(new Map(read as never)).toEqual(whole.tensors);
  opened.close();
  expect(() => opened.tensors.get('wide')?.read()).toThrow(ModelFileError);
});

test('chunks read each tensor when it is its turn, and are the bytes of the whole', () => {
  const order: string[] = [];
  const watched = Object.entries(tensors).map(([name, tensor]) => {
    const read = () => {
      order.push(name);
      return tensor.data;
    };
    return [name, { ...lazy(tensor), read }] as const;
  });
  const chunks = safetensorsChunks(new Map(watched), { made: 'here' });
  const parts = [chunks.next().value as Uint8Array];
  expect(order).toEqual([]);
  for (const part of chunks) {
    expect(order.length).toBe(parts.length);
    parts.push(part);
  }
  expect(Buffer.concat(parts).equals(file)).toBe(true);
});

test('chunks refuse elements that are not those of the shape or the dtype', () => {
  const of = (data: StoredTensor['data']) => [
    ...safetensorsChunks({ a: { dtype: 'F32', shape: [2], read: () => data } }),
  ];
  expect(() => of(new Float32Array(3))).toThrow(ArgumentError);
  expect(() => of(new Float64Array(2))).toThrow(/F32/);
});

test('cut off at any byte, cut while it is open, or not there: typed errors that name the file', () => {
  const cut = join(folder, 'cut.safetensors');
  for (let length = 0; length < file.length; length++) {
    writeFileSync(cut, file.subarray(0, length));
    expect(() => openSafetensors(cut), `${length} bytes`).toThrow(ModelFileError);
  }
  writeFileSync(cut, file);
  const opened = openSafetensors(cut);
  truncateSync(cut, file.length - 2);
  expect(() => opened.tensors.get('bytes')?.read()).toThrow(/as when it was opened/);
  opened.close();
  expect(() => openSafetensors(join(folder, 'none'))).toThrow(/none/);
  expect(() => openSafetensors(folder)).toThrow(ModelFileError);
  expect(() => openSafetensors('')).toThrow(ArgumentError);
});
