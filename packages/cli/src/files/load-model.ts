import { type LoadOptions, load, type Module } from '@funhash/layers';
import { packedLayers } from '@funhash/layers/binary';
import { requireFile } from './paths.ts';

/** A model file of any kind that this command writes. @throws UsageError where it is absent, ModelFileError where it is damaged */
export async function loadModel(path: string, options: Pick<LoadOptions, 'policy'> = {}): Promise<Module> {
  await requireFile('--model', path);
  return load(path, { ...options, layers: packedLayers });
}
