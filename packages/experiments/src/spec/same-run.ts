import { canonicalJson } from '@funhash/codec';
import { SpecError } from '../errors.ts';
import type { RunSpec } from './run-spec.ts';

interface Change {
  /** Parts that may differ. */
  readonly parts: readonly (keyof RunSpec)[];
  /** What may change, in the words of the error. */
  readonly words: string;
}

/** What may change when a run goes on: its length, and what is told and stored at its end. Nothing else. */
const allowed: Change = { parts: ['epochs', 'storage', 'judge'], words: 'epochs, storage and judge' };

/**
 * Requires that a spec is that of a run under way, but for what may change.
 *
 * @param begun undefined where nothing has begun
 * @param change what may differ. Default: `epochs`, `storage`, `judge`
 * @throws SpecError that names every difference
 */
export function requireSameRun(begun: RunSpec | undefined, spec: RunSpec, change: Change = allowed): void {
  if (begun === undefined) return;
  const [before, now] = [fieldsOf(begun, change), fieldsOf(spec, change)];
  const names = [...new Set([...before.keys(), ...now.keys()])].filter(
    (name) => before.get(name) !== now.get(name),
  );
  if (names.length === 0) return;
  const shown = (fields: ReadonlyMap<string, string>): string =>
    names.map((name) => `${name} ${fields.get(name) ?? 'by default'}`).join(', ');
  throw new SpecError({
    operation: 'resume',
    expected: `the run that has begun, with ${shown(before)}`,
    actual: shown(now),
    remedy: `Only ${change.words} may change. For another run name another folder.`,
  });
}

/** Fields by their paths, as text. */
function fieldsOf(spec: RunSpec, { parts }: Change): Map<string, string> {
  const fields = new Map<string, string>();
  const add = (value: unknown, path: string): void => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      for (const [name, part] of Object.entries(value)) add(part, path === '' ? name : `${path}.${name}`);
    else fields.set(path, canonicalJson(value, { maxDepth: 8, maxValues: 4096 }));
  };
  const decisive = Object.entries(spec).filter(([name]) => !parts.includes(name as keyof RunSpec));
  add(Object.fromEntries(decisive), '');
  return fields;
}
