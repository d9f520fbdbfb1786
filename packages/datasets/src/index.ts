export { type Augmentation, type AugmentOptions, augment } from './augment.ts';
export { type BatchWorker, batchWorker } from './batch-worker.ts';
export { type Batch, type BatchOptions, batches, type Scaling, toFloats } from './batches.ts';
export { type Cifar10Options, loadCifar10 } from './cifar10.ts';
export { type Cifar10Batches, fromCifar10Batches, type ImageCounts } from './cifar10-binary.ts';
export { type DatasetLoader, type DatasetName, type DatasetOptions, datasets } from './data-sets.ts';
export { ChecksumError, DataAbsentError, DataFormatError } from './errors.ts';
export { loadFashionMnist } from './fashion-mnist.ts';
export type { GreyImage } from './grey-image.ts';
export { encodeIdx, type IdxArray, type IdxDtype, type ParseIdxOptions, parseIdx } from './idx.ts';
export {
  type FromIdxOptions,
  fromIdx,
  type IdxFiles,
  type ImageDataset,
  type Split,
} from './image-dataset.ts';
export { loadMnist, type MnistOptions } from './mnist.ts';
export { type VariationName, variation } from './mnist-variations.ts';
export { loadPngFolder } from './png-folder.ts';
export { type ShapeName, shapes } from './shapes.ts';
export { splitValidation, subset } from './split.ts';
export { type PointDataset, spirals, twoMoons, xor } from './synthetic.ts';
export type { VariationOptions } from './variation-options.ts';
export type { ImageSize } from './warp.ts';
