import type { ByteSource } from '@funhash/codec/read';
import { onlySchemes } from '@funhash/space';
import type { Module } from '../module.ts';
import { type LoadOptions, modelOf, readModelFile } from './read-model.ts';

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
  { layers, schemes, ...options }: LoadOptions & Required<Pick<LoadOptions, 'layers' | 'schemes'>>,
): Promise<Module> {
  return modelOf(await readModelFile(source, options), layers, onlySchemes(schemes), options.policy);
}
