import {
  Dense,
  funHash,
  gradientsOf,
  hashedNet,
  productHash,
  random,
  robe,
  Sequential,
  scope,
  softmaxCrossEntropy,
  tensor,
  tiles,
  type WeightRequest,
} from '@funhash/layers';
import { sgd } from '@funhash/training';

type Scheme = (ratio: number) => WeightRequest | undefined;

/** What is compared: every scheme at the same ratio, and the plain net. */
export const schemes: Readonly<Record<string, Scheme>> = {
  dense: () => undefined,
  hashedNet: (ratio) => hashedNet({ ratio }),
  'hashedNet, multiply-shift': (ratio) => hashedNet({ ratio, hash: 'multiplyShift' }),
  'robe of 8': (ratio) => robe({ ratio, block: 8 }),
  'tiles of 8': (ratio) => tiles({ ratio, side: 8 }),
  productHash: (ratio) => productHash({ ratio }),
  'funHash U4-G3': (ratio) => funHash({ ratio }),
  'funHash U4-G2': (ratio) => funHash({ ratio, layers: 2 }),
};

/** A training step of the net 784-1000-10: softmax cross-entropy, SGD with momentum, the loss read each time. */
export async function trainingStep(scheme: Scheme, ratio: number, batch: number): Promise<() => void> {
  const layer = (width: number, out: number, activation?: 'relu'): Dense => {
    const weight = scheme(ratio);
    return new Dense({ in: width, out, ...(activation && { activation }), ...(weight && { weight }) });
  };
  // Where 784 × 1000 keeps the ratio, 1000 × 10 would be too small for a tile: every net has its output layer plain.
  const net = new Sequential([layer(784, 1000, 'relu'), new Dense({ in: 1000, out: 10 })]);
  const draw = random(1);
  const x = tensor(draw.fillUniform(new Float32Array(batch * 784)), [batch, 784]);
  const labels = tensor(Int32Array.from({ length: batch }, () => draw.integer(10)));
  const optimizer = await sgd({ learningRate: 0.01, momentum: 0.9 }).create(net.namedParameters());
  const wrt = net.parameters().map(({ value }) => value);
  return () =>
    scope(() => {
      const [loss, gradients] = gradientsOf(() => softmaxCrossEntropy(net.forward(x), labels), wrt);
      optimizer.update(gradients);
      loss.item();
    });
}

/** A prediction of one layer 784 → 1000 for a batch. */
export function layerForward(scheme: Scheme, ratio: number, batch: number): () => void {
  const weight = scheme(ratio);
  const layer = new Dense({ in: 784, out: 1000, ...(weight && { weight }) });
  const x = tensor(random(1).fillUniform(new Float32Array(batch * 784)), [batch, 784]);
  return () => scope(() => void layer.forward(x));
}
