import type { ByteSource } from '@funhash/codec/read';
import { ArgumentError } from '@funhash/hashing';
import { onlySchemes } from '@funhash/space';
import type { Module } from '../module.ts';
import { checkLoadOptions, type LoadOptions, modelOf, readModelFile } from './read-model.ts';

/**
 * Loads as `load` does, for a file of these layers and schemes alone: bundlers leave out all others, so that a page that predicts
 * downloads less.
 *
 *     const model = await loadOnly(file, { layers: { Dense, Sequential }, schemes: { hashedNet } });
 *
 * @throws ModelFileError that says what is wrong and where; also for layers and schemes that are not among these
 */
export async function loadOnly(
  source: ByteSource,
  options: LoadOptions & Required<Pick<LoadOptions, 'layers' | 'schemes'>>,
): Promise<Module> {
  checkLoadOptions('loadOnly', options);
  const { layers, schemes, hashes, policy } = options ?? {};
  for (const [name, value] of Object.entries({ layers, schemes }))
    if (value === undefined)
      throw new ArgumentError({
        operation: 'loadOnly',
        expected: `${name}: those that the file may name`,
        actual: 'none',
        remedy: 'Use load for files of any layers and schemes of this package.',
      });
  return modelOf(await readModelFile(source, options), layers, onlySchemes(schemes, hashes), policy);
}
