/**
 * CIFAR-10 as an archive of JPEG files `{train,test}/<class>/<name>.jpg`.
 */

import { DataFormatError } from '../errors.ts';
import { type ImageDataset, imageDataset, type Split } from '../images/image-dataset.ts';
import { type JpegDecoder, jpegDecoder } from '../images/jpeg.ts';
import type { TarFile } from '../tar.ts';
import { cifar10Size, type ImageCounts } from './cifar10-binary.ts';

/** Names of the classes by label; the order of the binary version, which is that of the alphabet. */
const classNames = 'airplane automobile bird cat deer dog frog horse ship truck'.split(' ');

const place = /(?:^|\/)(train|test)\/([a-z]+)\/[^/.][^/]*\.jpe?g$/;

/** No 32 × 32 image takes as many bytes; others are not even looked at. */
const maxImageBytes = 2 ** 16;

/**
 * Decodes an archive. The classes take turns, each in the order of its names, so that the first n images hold all
 * of them alike.
 *
 * @param perClass how many images each class must have in train and in test; without it nothing is compared.
 * @throws DataFormatError for damaged images, unknown classes and wrong counts; DataAbsentError without `jpeg-js`.
 */
export async function fromCifar10Jpegs(
  files: readonly TarFile[],
  source: string,
  { trainCount, testCount }: ImageCounts,
  perClass?: { readonly train: number; readonly test: number },
): Promise<ImageDataset> {
  const decode = await jpegDecoder('fromCifar10Jpegs', cifar10Size);
  const found = { train: classNames.map((): TarFile[] => []), test: classNames.map((): TarFile[] => []) };
  for (const file of files) {
    const match = place.exec(file.name);
    if (!match) continue;
    const label = classNames.indexOf(match[2] as string);
    if (label === -1 || file.bytes.length > maxImageBytes)
      refuse(
        source,
        file.byteOffset,
        `JPEG files of at most ${maxImageBytes} bytes in folders ${classNames.join(', ')}`,
        `${match[2]} with ${file.bytes.length} bytes`,
      );
    (found[match[1] as 'train' | 'test'][label] as TarFile[]).push(file);
  }
  for (const split of ['train', 'test'] as const)
    for (const [label, { length }] of found[split].entries())
      if (perClass && length !== perClass[split])
        refuse(source, 0, `${perClass[split]} files in ${split}/${classNames[label]}`, String(length));
  return imageDataset({
    name: 'cifar10 (JPEG)',
    description: 'CIFAR-10 photographs (Krizhevsky 2009), from lossy JPEG files',
    ...cifar10Size,
    train: decodeInTurns(found.train, trainCount, decode, source),
    test: decodeInTurns(found.test, testCount, decode, source),
  });
}

function decodeInTurns(
  classes: readonly TarFile[][],
  limit = Infinity,
  decode: JpegDecoder,
  source: string,
): Split {
  for (const files of classes) files.sort((a, b) => (a.name < b.name ? -1 : 1));
  const turns = Math.max(...classes.map(({ length }) => length));
  const order = Array.from({ length: turns }, (_, turn) => turn)
    .flatMap((turn) => classes.map((files, label) => ({ file: files[turn], label })))
    .filter((entry): entry is { file: TarFile; label: number } => entry.file !== undefined)
    .slice(0, limit);
  const elements = cifar10Size.width * cifar10Size.height * cifar10Size.channels;
  const images = new Uint8Array(order.length * elements);
  order.forEach(({ file }, k) => {
    images.set(decode(file.bytes, `${source}, ${file.name}`, file.byteOffset), k * elements);
  });
  return { count: order.length, inputs: images, labels: Uint8Array.from(order, ({ label }) => label) };
}

function refuse(source: string, byteOffset: number, expected: string, actual: string): never {
  throw new DataFormatError(source, byteOffset, { operation: 'fromCifar10Jpegs', expected, actual });
}
