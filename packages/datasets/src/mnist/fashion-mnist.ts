import { checkOptions } from '@funhash/hashing';
import { inDataFolder } from '../data-folder.ts';
import { countRules, defineDataset, optionsFor } from '../define-dataset.ts';
import { fromIdx, type ImageDataset } from '../images/image-dataset.ts';
import { firstOf } from '../split.ts';
import { readIdxFolder } from './idx-folder.ts';
import { idxFolderRules, type MnistOptions } from './mnist.ts';

const debianFolder = '/usr/share/datasets/fashion-mnist';
const howToGet =
  'On Debian install it with `apt-get install dataset-fashion-mnist`, or pass dir, a folder with the four IDX files, ' +
  'or put them into fashion-mnist in the folder that the environment variable FUNHASH_DATA names.';

const md5 = {
  trainImages: 'f4a8712d7a061bf5bd6d2ca38dc4d50a',
  trainLabels: '9018921c3c673c538a1fc5bad174d6f9',
  testImages: '8181f5470baa50b63fa0f6fddb340f0a',
  testLabels: '15d484375f8d13e6eb1aabb0c3f46965',
};

/**
 * Fashion-MNIST: 60 000 training and 10 000 test images of clothes in 10 classes, 28 × 28. Node only.
 * Source: Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747.
 *
 * @param options as for `loadMnist`; `dir` defaults to `fashion-mnist` in the folder that the environment variable
 * FUNHASH_DATA names where it names one, else to the folder of Debian's package `dataset-fashion-mnist`.
 * @throws DataAbsentError, ChecksumError, DataFormatError, as `loadMnist`.
 */
export async function loadFashionMnist(options: MnistOptions = {}): Promise<ImageDataset> {
  checkOptions('loadFashionMnist', idxFolderRules, options);
  const { verify = true } = options;
  const dir = options.dir ?? (await inDataFolder('fashion-mnist')) ?? debianFolder;
  const { files, sources } = await readIdxFolder(dir, howToGet, verify ? md5 : undefined);
  return fromIdx(files, {
    name: 'fashion-mnist',
    description: `Fashion-MNIST articles of clothing${verify ? '' : ', checksums not compared'}`,
    sources,
  });
}

/** Fashion-MNIST, the first images of each part: see `loadFashionMnist`. */
export const fashionMnist = /* @__PURE__ */ defineDataset({
  name: 'fashion-mnist',
  options: { ...idxFolderRules, ...countRules },
  isDrawn: false,
  holdsImages: true,
  load: async (options) => firstOf(await loadFashionMnist(optionsFor(idxFolderRules, options)), options),
});
