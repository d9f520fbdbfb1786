import { loadMnist } from '@funhash/datasets';
import type { Digits } from './gpu-training.ts';

/** The first 2000 training digits of MNIST, as bytes: apart from what pages import. */
export async function someDigits(): Promise<Digits> {
  const { train } = await loadMnist({ verify: false });
  return { inputs: train.inputs.slice(0, 784 * 2000), labels: train.labels.slice(0, 2000) };
}
