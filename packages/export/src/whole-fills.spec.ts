import { Conv2d, Sequential } from '@funhash/layers';
import { isContiguous, type PlanView } from '@funhash/tensor';
import { expect, test } from 'vitest';
import type { NetworkBuffer } from './network.ts';
import type { Operation } from './operations.ts';
import { toOnnx } from './to-onnx.ts';
import { withWholeFills } from './whole-fills.ts';

test('each convolution of a net on images is one in its file, whatever of them kernels fill with zeros', async () => {
  const padded = { kernelSize: 3, padding: 1 };
  const net = new Sequential([3, 16, 16].map((from) => new Conv2d({ in: from, out: 16, ...padded })));
  const { bytes } = await toOnnx(net, { input: [32, 32, 3] });
  // Nodes name their type in field 4 of protobuf.
  const convolutions = Buffer.from(bytes).toString('latin1').split('"\u0004Conv').length - 1;
  expect(convolutions).toBe(3);
});

const buffers: NetworkBuffer[] = [{ dtype: 'f32', length: 2 * 5 * 6 * 3 }];
const strides = [90, 18, 3, 1];
const part = (offset: number, shape: number[]): PlanView =>
  ({ buffer: 0, dtype: 'f32', offset, shape, strides }) as PlanView;
const fill = (out: PlanView, value = 0): Operation => ({ kind: 'fill', out, value });

test('the border of an image becomes the whole of it, once', () => {
  const inside: Operation = { kind: 'copy', x: part(0, [2, 3, 4, 3]), out: part(21, [2, 3, 4, 3]) };
  const around = [part(0, [2, 1, 6, 3]), part(72, [2, 1, 6, 3]), part(18, [2, 3, 1, 3])];
  const [first, ...others] = withWholeFills([...around.map((view) => fill(view)), inside], buffers);
  expect(first).toMatchObject({ kind: 'fill', value: 0, out: { offset: 0, shape: [2, 5, 6, 3], strides } });
  expect(isContiguous([2, 5, 6, 3], strides)).toBe(true);
  expect(others).toEqual([inside]);
});

test('what is filled after something was written, or with another number, stays a part', () => {
  const inside: Operation = { kind: 'copy', x: part(0, [2, 3, 4, 3]), out: part(21, [2, 3, 4, 3]) };
  const after = [inside, fill(part(0, [2, 1, 6, 3]))];
  expect(withWholeFills(after, buffers)).toEqual(after);
  const other = fill(part(0, [2, 1, 6, 3]), 1);
  expect(withWholeFills([fill(part(18, [2, 3, 1, 3])), other], buffers)[1]).toEqual(other);
  const known: NetworkBuffer[] = [{ dtype: 'f32', length: 180, values: new Float32Array(180) }];
  expect(withWholeFills([other], known)).toEqual([other]);
});
