export { type BatchWorker, batchWorker } from './batch-worker.ts';
export { type Batch, type BatchOptions, batches, type Scaling, toFloats } from './batches.ts';
export { type Cifar10Options, loadCifar10 } from './cifar10/cifar10.ts';
export { type Cifar10Batches, fromCifar10Batches, type ImageCounts } from './cifar10/cifar10-binary.ts';
export { type DatasetName, datasets, type ImageDatasetName, imageDatasets } from './data-sets.ts';
export type { Dataset, Samples } from './dataset.ts';
export { type DatasetSource, type DatasetStatement, defineDataset, optionsFor } from './define-dataset.ts';
export { ChecksumError, DataAbsentError, DataFileError, DataFormatError } from './errors.ts';
export { type Augmentation, type AugmentOptions, augment } from './images/augment.ts';
export type { GreyImage } from './images/grey-image.ts';
export {
  type FromIdxOptions,
  fromIdx,
  type IdxFiles,
  type ImageDataset,
  type Split,
} from './images/image-dataset.ts';
export { isJpeg } from './images/jpeg.ts';
export {
  loadPictureFolder,
  type PictureFolderOptions,
  pictureFolderRules,
} from './images/load-picture-folder.ts';
export {
  type PictureReader,
  pictureReader,
  picturesTransformation,
  type ReadPictureOptions,
} from './images/picture-reader.ts';
export { decodePng, type Picture, pngSize } from './images/png.ts';
export { isPng } from './images/png-chunks.ts';
export { loadPngFolder } from './images/png-folder.ts';
export type { ImageSize } from './images/warp.ts';
export { loadFashionMnist } from './mnist/fashion-mnist.ts';
export { encodeIdx, type IdxArray, type IdxDtype, type ParseIdxOptions, parseIdx } from './mnist/idx.ts';
export { type IdxFolderOptions, loadIdxFolder } from './mnist/load-idx-folder.ts';
export { loadMnist, type MnistOptions } from './mnist/mnist.ts';
export { type VariationName, variation } from './mnist/mnist-variations.ts';
export { type ShapeName, shapes } from './mnist/shapes.ts';
export type { VariationOptions } from './mnist/variation-options.ts';
export {
  type ColumnScale,
  type SeriesReader,
  seriesReader,
  seriesTransformation,
} from './sequences/series-reader.ts';
export { type SeriesDataset, type SeriesWindowsOptions, seriesWindows } from './sequences/series-windows.ts';
export { splitValidation, subset } from './split.ts';
export { type PointDataset, spirals, twoMoons, xor } from './synthetic.ts';
export type { TextDataset } from './text/imdb.ts';
export { type TokenSequenceOptions, tokenSequences } from './text/token-sequences.ts';
export { Vocabulary, type VocabularyOptions } from './text/vocabulary.ts';
export { type WordReader, type WordSequences, wordReader, wordsTransformation } from './text/word-reader.ts';
export { hashedWords, wordHash, wordsOf } from './text/words.ts';
