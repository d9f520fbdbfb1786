import { ArgumentError, shownValue } from '@funhash/hashing';
import { Tensor } from './tensor.ts';

/**
 * Runs `body` and frees every tensor made inside it except those it returns: a tensor, or arrays and records of
 * tensors at any depth. Scopes nest; what survives one belongs to the next outer one.
 *
 * @throws ArgumentError if body returns a promise: tensors made after an `await` could not be told from others'.
 */
export function scope<T>(body: () => T): T {
  if (typeof body !== 'function')
    throw new ArgumentError({ operation: 'scope', expected: 'a function', actual: shownValue(body) });
  const close = openScope();
  let survivors: unknown;
  try {
    const result = body();
    if (result instanceof Promise) {
      // What the body does after its first `await` fails on freed tensors; the error below already tells the caller.
      result.catch(() => {});
      throw new ArgumentError({
        operation: 'scope',
        expected: 'a body that finishes at once',
        actual: 'an async body',
        remedy: 'Read results with `await` after the scope, or open one scope per synchronous step.',
      });
    }
    survivors = result;
    return result;
  } finally {
    close(survivors);
  }
}

/**
 * Opens a scope for code that does not suit a function, and returns what closes it: with the value that survives, as
 * `scope` returns it. To be closed in a `finally`, before any `await`.
 */
export function openScope(): (survivors: unknown) => void {
  const outer = Tensor.enterScope();
  return (survivors) =>
    Tensor.leaveScope(outer, survivors instanceof Tensor ? [survivors] : tensorsIn(survivors));
}

/** Takes tensors out of every scope: they live until `dispose`, or until nothing refers to them. */
export function keep<T>(value: T): T {
  for (const tensor of tensorsIn(value)) tensor.detachFromScope();
  return value;
}

/** Every tensor in a value: itself, or those in its arrays, records, maps and sets. */
export function tensorsIn(value: unknown, found = new Set<Tensor>(), seen = new Set<unknown>()): Set<Tensor> {
  if (value instanceof Tensor) found.add(value);
  else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && !seen.has(value)) {
    seen.add(value);
    const members = value instanceof Map || value instanceof Set ? value.values() : Object.values(value);
    for (const member of members) tensorsIn(member, found, seen);
  }
  return found;
}
