import type { Model } from './pass.ts';

/**
 * Whether a pass of a model is known to do the same whenever it is made with the same arguments, so that a plan can stand
 * for it: all its layers are of classes with a `sample` of their own, on which the law `plan` is checked.
 */
export function repeats(model: Model): boolean {
  if (typeof model?.constructor !== 'function' || !Object.hasOwn(model.constructor, 'sample')) return false;
  const { members } = model as Partial<{ readonly members: ReadonlyMap<string, Model> }>;
  if (!(members instanceof Map)) return false;
  for (const member of members.values()) if (!repeats(member)) return false;
  return true;
}
