import { ArgumentError, checkArgument, checkOptions, type OptionsOf, option, random } from '@funhash/hashing';
import { nodeModule } from '@funhash/hashing/node';
import { readBounded, unlessAbsent } from '../bounded-file.ts';
import { seedRule } from '../define-dataset.ts';
import { DataAbsentError } from '../errors.ts';
import { type ImageDataset, imageDataset, type Split } from './image-dataset.ts';
import { type PictureReader, pictureReader, picturesTransformation } from './picture-reader.ts';

const operation = 'loadPictureFolder';
const maxFileBytes = 2 ** 26;
/** Bytes of all pictures together. */
const mostBytes = 2 ** 30;

/** Options of `loadPictureFolder`. */
export const pictureFolderRules = {
  /** Side to which pictures are scaled, in pixels. Default 28. */
  side: option.integer({ least: 4, most: 512 }),
  /** Whether pictures keep their colours, as three channels. Default false: grey levels. */
  colour: option.flag(),
  /** Share of the pictures of each class that are drawn for the test, where there is no folder for it. Default 0.2. */
  test: option.real({ least: 0, most: 0.9 }),
  /** Decides which ones are drawn, and their order. Default 0. */
  seed: seedRule(),
};

export type PictureFolderOptions = OptionsOf<typeof pictureFolderRules>;

interface Place {
  readonly path: string;
  readonly label: number;
}

/**
 * Pictures of one's own (PNG, JPEG where `jpeg-js` is installed, WebP where `@jsquash/webp` is) from a folder with a sub-folder for each class, or
 * with folders `train` and `test` of such: scaled to squares of one side by the mean of what each pixel covers, the longer
 * side cut in the middle. Node only.
 *
 * @throws DataAbsentError where there are no pictures; DataFormatError for one that is damaged or larger than 16 megapixels;
 * ArgumentError where all take more than 1 GiB
 */
export async function loadPictureFolder(
  dir: string,
  options: PictureFolderOptions = {},
): Promise<ImageDataset> {
  checkArgument(operation, 'dir', option.text(), dir);
  checkOptions(operation, pictureFolderRules, options);
  const { basename, join } = nodeModule('node:path');
  const { side = 28, colour = false, test = 0.2, seed = 0 } = options;
  const parts = await foldersIn(dir);
  const isSplit = parts.length === 2 && parts.includes('train') && parts.includes('test');
  // Pictures of a class that none trains on are for the test, too: answers to them are wrong.
  const both = async () => [
    ...(await foldersIn(join(dir, 'train'))),
    ...(await foldersIn(join(dir, 'test'))),
  ];
  const classes = isSplit ? [...new Set(await both())].sort() : parts;
  const from = async (folder: string): Promise<Place[]> => {
    const places: Place[] = [];
    for (const [label, name] of classes.entries())
      for (const file of await picturesIn(join(folder, name)))
        places.push({ path: join(folder, name, file), label });
    return places;
  };
  const draw = random(seed);
  let [forTraining, forTest]: [Place[], Place[]] = [[], []];
  if (isSplit) [forTraining, forTest] = [await from(join(dir, 'train')), await from(join(dir, 'test'))];
  else
    for (const [label, of] of groups(await from(dir), classes.length).entries()) {
      const order = draw.fork('test').fork(label).permutation(of.length);
      const held = of.length < 2 ? 0 : Math.max(1, Math.round(test * of.length));
      for (const [k, at] of order.entries()) (k < held ? forTest : forTraining).push(of[at] as Place);
    }
  if (classes.length < 2 || forTraining.length === 0 || forTest.length === 0)
    throw new DataAbsentError({
      operation,
      expected: `pictures (.png, .jpg, .webp) in ${dir}, in a sub-folder for each of 2 or more classes`,
      actual: `${forTraining.length + forTest.length} pictures in ${classes.length} sub-folders`,
    });
  const channels = colour ? 3 : 1;
  const transformation = picturesTransformation({ side, channels });
  const reader = pictureReader(transformation) as PictureReader;
  const bytes = (forTraining.length + forTest.length) * side * side * channels;
  if (bytes > mostBytes)
    throw new ArgumentError({
      operation,
      expected: `at most ${mostBytes} bytes of pixels`,
      actual: String(bytes),
      remedy: 'Choose a smaller side, or grey levels.',
    });
  const samples = async (places: readonly Place[]): Promise<Split> => {
    const size = side * side * channels;
    const inputs = new Uint8Array(places.length * size);
    for (const [k, { path }] of places.entries()) {
      const bytes = await readBounded(operation, path, maxFileBytes);
      if (!bytes) throw new DataAbsentError({ operation, expected: path, actual: 'no such file' });
      inputs.set(await reader.read(bytes, { source: path }), k * size);
    }
    return { count: places.length, inputs, labels: Uint8Array.from(places, ({ label }) => label) };
  };
  const shuffled = draw.fork('order').shuffle([...forTraining]);
  return imageDataset({
    name: basename(dir),
    description: `${shuffled.length + forTest.length} pictures of ${basename(dir)} as ${side} × ${side} × ${channels}`,
    classes: classes.length,
    classNames: classes,
    ...{ width: side, height: side, channels },
    transformation,
    train: await samples(shuffled),
    test: await samples(forTest),
  });
}

function groups(places: readonly Place[], count: number): Place[][] {
  const by = Array.from({ length: count }, (): Place[] => []);
  for (const place of places) by[place.label]?.push(place);
  return by;
}

const mostClasses = 256;

/** Sub-folders in alphabetical order. */
async function foldersIn(dir: string): Promise<string[]> {
  const { readdir } = nodeModule('node:fs/promises');
  const entries = (await unlessAbsent(operation, dir, readdir(dir, { withFileTypes: true }))) ?? [];
  const names = entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name);
  if (names.length > mostClasses)
    throw new ArgumentError({
      operation,
      expected: `at most ${mostClasses} classes in ${dir}`,
      actual: String(names.length),
    });
  return names.sort();
}

/** Names of the pictures of a folder, in alphabetical order. */
async function picturesIn(dir: string): Promise<string[]> {
  const { readdir } = nodeModule('node:fs/promises');
  const entries = (await unlessAbsent(operation, dir, readdir(dir))) ?? [];
  return entries.filter((name) => /\.(png|jpe?g|webp)$/i.test(name)).sort();
}
