// Our tasks on weights of ±1.

import {
  Activation,
  BatchNorm,
  binary,
  Conv2d,
  load,
  type Module,
  matmul,
  Sequential,
  scope,
  type Tensor,
  tensor,
  transpose,
} from '@funhash/layers';
import { toBinary } from '@funhash/layers/binary';
import { bnnConvNet, bnnMlp } from '@funhash/models';
import { runPackSigns, runSignMatmul } from '@funhash/tensor';
import { mnist, signs, uniform } from './data.ts';
import type { Ready, TaskOf } from './task.ts';

export function signProduct({ m, k, n, by }: TaskOf<'signProduct'>): Ready {
  const a = tensor(signs(m * k), [m, k]);
  const b = tensor(signs(k * n, 2), [n, k]);
  const lastOf = (product: () => Tensor): number => scope(() => product().dataSync()[m * n - 1] as number);
  if (by === 'f32') {
    const product = (): Tensor => matmul(a, transpose(b));
    return { run: () => scope(() => void product()), value: () => lastOf(product) };
  }
  const [packedA, packedB] = [runPackSigns(a), runPackSigns(b)];
  const product = (): Tensor => runSignMatmul(by === 'bits' ? packedA : runPackSigns(a), packedB, k);
  return { run: () => scope(() => void product()), value: () => lastOf(product) };
}

export async function binaryNet({ net, batch, packed }: TaskOf<'binaryNet'>): Promise<Ready> {
  const [made, x] = await netAndImages(net, batch);
  const model = packed ? await toBinary(made) : await frozen(made);
  const run = () => scope(() => model.forward(x).dataSync());
  return { run, value: () => hashOf(run() as Float32Array) };
}

async function netAndImages(
  net: TaskOf<'binaryNet'>['net'],
  batch: number,
): Promise<readonly [Module, Tensor]> {
  switch (net) {
    case 'mlp': {
      const { inputs } = await mnist(batch);
      return [bnnMlp({ hidden: [4096, 4096, 4096] }), tensor(inputs, [batch, 784])];
    }
    case 'convNet': {
      const shape = [32, 32, 3] as const;
      const pixels = uniform(batch * 32 * 32 * 3).map((value) => Math.abs(value));
      return [bnnConvNet({ input: shape }), tensor(pixels, [batch, ...shape])];
    }
    case 'convolution': {
      const layers = [
        new Activation('sign'),
        new Conv2d({ in: 128, out: 128, kernelSize: 3, padding: 1, bias: false, weight: binary() }),
        new BatchNorm({ channels: 128 }),
      ];
      return [new Sequential(layers), tensor(uniform(batch * 32 * 32 * 128), [batch, 32, 32, 128])];
    }
  }
}

/** With every matrix decoded once, in f32. */
const frozen = async (net: Module): Promise<Module> => load(await net.toBytes(), { policy: 'frozen' });

/** Of the bits of outputs, below 2^32: FNV-1a. */
function hashOf(values: Float32Array): number {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return bytes.reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193) >>> 0, 0x811c9dc5);
}
