import { PackSigns } from './binary/pack-signs.ts';
import { PackedConv2d } from './binary/packed-conv2d.ts';
import { PackedDense } from './binary/packed-dense.ts';

export { toBinary } from './binary/to-binary.ts';

/** What files of packed networks need beside the layers that `load` knows: `load(file, { layers: packedLayers })`. */
export const packedLayers = { PackedConv2d, PackedDense, PackSigns } as const;
