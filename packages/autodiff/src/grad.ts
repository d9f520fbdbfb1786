import { ArgumentError, shownValue } from '@funhash/hashing';
import { isFloat, requireTensor, requireTensors, Tensor } from '@funhash/tensor';
import { add, onesLike, zerosLike } from './ops/pointwise.ts';
import { isRecording, recorded, startTape, Tape, type TapeEntry, withoutTape } from './tape.ts';

/** A tensor, or tensors in arrays and records at any depth. */
export type TensorTree = Tensor | readonly TensorTree[] | { readonly [key: string]: TensorTree };

/**
 * The gradient function of a scalar-valued function, with respect to its first argument. Works on its own results:
 * `grad(grad(f))`.
 */
export function grad<T extends TensorTree, R extends readonly unknown[]>(
  f: (x: T, ...rest: R) => Tensor,
): (x: T, ...rest: R) => T {
  const both = valueAndGrad(f);
  return (x, ...rest) => both(x, ...rest)[1];
}

/**
 * The function that gives the value of f and its gradient with respect to the first argument:
 * `const [value, gradient] = valueAndGrad(f)(x)`. The gradient has the structure of x.
 *
 * @throws ArgumentError unless f returns one floating-point element
 */
export function valueAndGrad<T extends TensorTree, R extends readonly unknown[]>(
  f: (x: T, ...rest: R) => Tensor,
): (x: T, ...rest: R) => [value: Tensor, gradient: T] {
  requireFunction('grad', f);
  return (x, ...rest) => {
    // An alias tells the argument from the same tensor used by f as a constant.
    const watched: Tensor[] = [];
    const argument = mapTree(x, (leaf) => {
      const alias = aliasOf(leaf);
      watched.push(alias);
      return alias;
    }) as T;
    const [value, gradients] = gradientsOf(() => f(argument, ...rest), watched);
    let next = 0;
    return [value, mapTree(x, () => gradients[next++] as Tensor) as T];
  };
}

/**
 * Runs `f` and returns its value and the gradients with respect to tensors that it uses, zero for those it does not:
 * what a training step calls with the parameters of a model.
 */
export function gradientsOf(f: () => Tensor, wrt: readonly Tensor[]): [value: Tensor, gradients: Tensor[]] {
  requireFunction('grad', f);
  requireTensors('grad', wrt, 'tensors to differentiate by');
  for (const tensor of wrt)
    if (!isFloat(tensor.dtype))
      throw new ArgumentError({
        operation: 'grad',
        expected: 'floating-point tensors to differentiate by',
        actual: String(tensor),
      });
  const [value, tape] = taped(f, wrt);
  if (!(value instanceof Tensor) || value.size !== 1 || !isFloat(value.dtype))
    throw new ArgumentError({
      operation: 'grad',
      expected: 'a function that returns one floating-point element',
      actual: value instanceof Tensor ? String(value) : shownValue(value),
      remedy: 'Reduce the result with sum or mean.',
    });
  return [value, pullBack(tape, value, wrt, onesLike(value))];
}

/** The value of f, beside the tape of how it came from `wrt`. */
export function taped(f: () => Tensor, wrt: readonly Tensor[]): [value: Tensor, tape: Tape] {
  const tape = new Tape(wrt);
  // Not by a body that the tape runs: traces of a model lead through no more files than they must.
  const stop = startTape(tape);
  try {
    return [f(), tape];
  } finally {
    stop();
  }
}

/** The gradients by `wrt` of what is on a tape, under the cotangent of one value. */
export function pullBack(tape: Tape, value: Tensor, wrt: readonly Tensor[], cotangent: Tensor): Tensor[] {
  const { entries } = tape;
  const last = tape.nodeOf(value);
  if (last) last.cotangent = cotangent;
  for (let at = entries.length - 1; at >= 0; at--) {
    const { inputs, outputs, vjp } = entries[at] as TapeEntry;
    if (!outputs.some(({ cotangent }) => cotangent)) continue;
    const given = outputs.map(({ tensor, cotangent }) => cotangent ?? zerosLike(tensor));
    const found = vjp(given, (input) => inputs[input] !== undefined);
    for (let k = 0; k < inputs.length; k++) {
      const [node, cotangent] = [inputs[k], found[k]];
      if (node && cotangent) node.cotangent = node.cotangent ? add(node.cotangent, cotangent) : cotangent;
    }
  }
  // Two inputs may have one cotangent: each result gets a tensor of its own, so that disposing one spares the other.
  const given = new Set<Tensor>();
  return wrt.map((tensor) => {
    const found = tape.nodeOf(tensor)?.cotangent ?? zerosLike(tensor);
    const own = given.has(found) ? aliasOf(found) : found;
    given.add(own);
    return own;
  });
}

/** The same elements as another tensor, through which gradients flow. */
export function aliasOf(x: Tensor): Tensor {
  return recorded([x], x.view(x.shape, x.strides, x.offset), (g) => [g]);
}

/** The same elements, through which no gradient flows. */
export function stopGradient(x: Tensor): Tensor {
  requireTensor('stopGradient', x);
  return x.view(x.shape, x.strides, x.offset);
}

/**
 * A function with a gradient of the caller's own: `f` returns its value and `vjp`, which maps the cotangent of the
 * value to one cotangent for each input (undefined: zero). The inside of f is not differentiated; gradients of gradients
 * go through vjp and what it uses of f, for which f is run again.
 */
export function customGradient<I extends readonly Tensor[]>(
  f: (...inputs: I) => { value: Tensor; vjp: (cotangent: Tensor) => readonly (Tensor | undefined)[] },
): (...inputs: I) => Tensor {
  requireFunction('customGradient', f);
  return (...inputs) => {
    requireTensors('customGradient', inputs, 'inputs');
    const { value, vjp } = requireValueAndVjp(withoutTape(() => f(...inputs)));
    return recorded(inputs, stopGradient(value), (g) => (isRecording(inputs) ? f(...inputs).vjp : vjp)(g));
  };
}

/** Refuses what is no function. @throws ArgumentError */
export function requireFunction(operation: string, f: unknown): void {
  if (typeof f !== 'function')
    throw new ArgumentError({ operation, expected: 'a function', actual: shownValue(f) });
}

function requireValueAndVjp<T extends { readonly value: Tensor; readonly vjp: unknown }>(given: T): T {
  const { value, vjp }: { readonly value?: unknown; readonly vjp?: unknown } = given ?? {};
  requireTensor('customGradient', value, 'value of what the function returns');
  requireFunction('customGradient, vjp of what the function returns', vjp);
  return given;
}

function mapTree(tree: TensorTree, visit: (leaf: Tensor) => Tensor): TensorTree {
  if (tree instanceof Tensor) return visit(tree);
  if (Array.isArray(tree)) return tree.map((member: TensorTree) => mapTree(member, visit));
  if (typeof tree !== 'object' || tree === null)
    throw new ArgumentError({
      operation: 'grad',
      expected: 'a tensor, or arrays and records of tensors, as the first argument',
      actual: shownValue(tree),
    });
  return Object.fromEntries(
    Object.entries(tree as Record<string, TensorTree>).map(([key, member]) => [key, mapTree(member, visit)]),
  );
}
