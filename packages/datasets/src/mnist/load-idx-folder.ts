import { checkArgument, checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { nodeModule } from '@funhash/hashing/node';
import { fromIdx, type ImageDataset } from '../images/image-dataset.ts';
import { parseIdx } from './idx.ts';
import { readIdxFolder } from './idx-folder.ts';

const operation = 'loadIdxFolder';
const howToGet = 'Name the four files as those of MNIST.';

/** Enough for the 697 932 training images of EMNIST. */
const maxFileBytes = 2 ** 30;

const rules = {
  /** Short name for tables of results. Default: that of the folder. */
  name: option.text(),
  /** Number of classes; a label outside is an error. Default: one more than the largest label. */
  classes: option.integer({ least: 1, most: 256 }),
};

export type IdxFolderOptions = OptionsOf<typeof rules>;

/**
 * Images of one's own from `{train,t10k}-{images-idx3,labels-idx1}-ubyte`, plain or with `.gz`, with any number of classes,
 * such as EMNIST's 47. Node only.
 *
 * @throws DataAbsentError when a file is not there; DataFormatError when one is damaged, or larger than 1 GiB
 */
export async function loadIdxFolder(dir: string, options: IdxFolderOptions = {}): Promise<ImageDataset> {
  checkArgument(operation, 'dir', option.text(), dir);
  checkOptions(operation, rules, options);
  const { name = nodeModule('node:path').basename(dir) } = options;
  const { files, sources } = await readIdxFolder(dir, howToGet, undefined, maxFileBytes);
  const largest = [
    [files.trainLabels, sources.trainLabels],
    [files.testLabels, sources.testLabels],
  ].reduce((most, [bytes, source]) => {
    const { data } = parseIdx(bytes as Uint8Array, { source: source as string });
    return (data as Uint8Array).reduce((a, b) => Math.max(a, b), most);
  }, 0);
  const classes = options.classes ?? largest + 1;
  return fromIdx(files, { name, description: `IDX files of ${name}`, classes, sources });
}
