import { type LoadOptions, load, type Module } from '@funhash/layers';
import { packedLayers } from '@funhash/layers/binary';

/** A model file of any kind that this command writes. */
export const loadModel = (path: string, options: Pick<LoadOptions, 'policy'> = {}): Promise<Module> =>
  load(path, { ...options, layers: packedLayers });
