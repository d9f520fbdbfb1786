import { requireTensors, scope, type Tensor } from '@funhash/tensor';
import { aliasOf, pullBack, requireFunction, taped } from './grad.ts';
import { isRecording, recorded, withoutTape } from './tape.ts';

/**
 * f(...inputs) with nothing kept for the backward pass but the inputs: their cotangents are found by running f again.
 * Trades one more run of f for the memory of its intermediate values. f must depend on no other tensor that is
 * differentiated by, and give the same each time. Gradients of gradients work.
 *
 * Source: Chen et al. 2016, arXiv:1604.06174.
 */
export function recompute(f: (...inputs: readonly Tensor[]) => Tensor, inputs: readonly Tensor[]): Tensor {
  requireFunction('recompute', f);
  requireTensors('recompute', inputs, 'inputs');
  const value = scope(() => withoutTape(() => f(...inputs.map(aliasOf))));
  return recorded(inputs, value, (g, needed) => {
    const cotangents = (): (Tensor | undefined)[] => {
      const own = inputs.map(aliasOf);
      const wanted = own.filter((_, k) => needed(k));
      const [again, tape] = taped(() => f(...own), wanted);
      const found = pullBack(tape, again, wanted, g).values();
      return own.map((_, k) => (needed(k) ? found.next().value : undefined));
    };
    // What another tape may still need stays.
    return isRecording([g, ...inputs]) ? cotangents() : scope(cotangents);
  });
}
