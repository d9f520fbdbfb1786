import { random } from '@funhash/hashing';
import {
  Activation,
  BatchNorm,
  binary,
  Conv2d,
  Dense,
  Flatten,
  MaxPool2d,
  type Module,
  Sequential,
} from '@funhash/layers';
import { toBinary } from '@funhash/layers/binary';
import { layerSamples } from '@funhash/layers/testing';
import { schemeSamples } from '@funhash/space/testing';
import { type Shape, scope, sizeOf, tensor } from '@funhash/tensor';

/** A layer to export, an input for it, and what the library gives for it. */
export interface Sample {
  readonly name: string;
  readonly layer: Module;
  readonly options: { readonly input: Shape; readonly dtype: 'f32' | 'i32'; readonly batch: number };
  readonly input: Float32Array | Int32Array;
  readonly expected: ArrayLike<number>;
}

/** Samples of all layers, dense layers of all schemes, and whole networks. */
export async function samples(): Promise<readonly Sample[]> {
  const layers = Object.entries(layerSamples).flatMap(([name, sample]) =>
    sample.layers().map((layer, k) => sampleOf(`${name} ${k}`, layer, sample.input, sample.below)),
  );
  const schemes = Object.entries(schemeSamples()).flatMap(([name, all]) =>
    all.flatMap(({ requests, shape: { rows, cols } }) =>
      requests.map((weight, k) =>
        sampleOf(`${name} ${k}`, new Dense({ in: cols, out: rows, weight, seed: 3 }), [2, cols], undefined),
      ),
    ),
  );
  return [...layers, ...schemes, ...(await networks())];
}

async function networks(): Promise<readonly Sample[]> {
  const weight = binary();
  const bits = new Sequential([
    new Activation('byte'),
    new Conv2d({ in: 1, out: 5, kernelSize: 3, weight, bias: false, seed: 1 }),
    new MaxPool2d({ kernelSize: 2 }),
    new BatchNorm({ channels: 5 }),
    new Activation('sign'),
    new Flatten(),
    new Dense({ in: 45, out: 37, weight, bias: false, seed: 2 }),
    new BatchNorm({ channels: 37 }),
    new Activation('sign'),
    new Dense({ in: 37, out: 4, weight, bias: false, seed: 3 }),
    new BatchNorm({ channels: 4 }),
  ]);
  moveOffStart(bits);
  const pooled = new Sequential([
    new Conv2d({ in: 1, out: 6, kernelSize: 5, activation: 'relu', seed: 4 }),
    new MaxPool2d({ kernelSize: 2 }),
    new Conv2d({ in: 6, out: 17, kernelSize: 3, padding: 1, activation: 'tanh', seed: 5 }),
    new BatchNorm({ channels: 17 }),
    new Activation('relu'),
    new MaxPool2d({ kernelSize: 2 }),
    new Flatten(),
    new Dense({ in: 68, out: 10, seed: 6 }),
  ]);
  return [
    sampleOf('packed signs', await toBinary(bits), [2, 8, 8, 1], undefined),
    sampleOf('convolutions and pools', pooled, [2, 12, 12, 1], undefined),
  ];
}

function sampleOf(name: string, layer: Module, shape: Shape, below: number | undefined): Sample {
  const source = random(7);
  const count = sizeOf(shape);
  const input =
    below === undefined
      ? Float32Array.from({ length: count }, () => source.normal())
      : Int32Array.from({ length: count }, () => source.integer(below));
  moveOffStart(layer);
  const [batch = 1, ...one] = shape;
  const dtype = below === undefined ? 'f32' : 'i32';
  const expected = scope(() => layer.forward(tensor(input, shape, { dtype })).dataSync());
  return { name, layer, options: { input: one, dtype, batch }, input, expected };
}

/** Gives biases, normalisation and statistics other values than those of the start, which hide faults. */
function moveOffStart(layer: Module): void {
  const source = random(11);
  for (const [name, parameter] of [...layer.namedParameters(), ...layer.namedBuffers()]) {
    if (parameter.value.dtype !== 'f32' || !/(bias|scale|shift|mean|variance)$/.test(name)) continue;
    const { shape, size } = parameter.value;
    scope(() =>
      parameter.assign(
        tensor(
          Float32Array.from({ length: size }, () => 0.5 + source.uniform()),
          shape,
        ),
      ),
    );
  }
}

/** The largest difference, of what is larger than 1 relative to it. */
export function difference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  let most = 0;
  for (let k = 0; k < expected.length; k++) {
    const [a, b] = [found[k] as number, expected[k] as number];
    if (Object.is(a, b) || a === b) continue;
    most = Math.max(most, Math.abs(a - b) / Math.max(1, Math.abs(b)));
  }
  return most;
}
