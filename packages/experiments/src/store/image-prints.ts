import { createHash } from 'node:crypto';
import type { Samples } from '@funhash/datasets';
import { FileError, SpecError } from '../errors.ts';
import { readTextIfThere } from '../files/read-text.ts';
import { type RunFolder, runFiles } from './run-folder.ts';

/** SHA-256 of the images and labels of a run, in hex: a name says nothing of what its files hold today. */
export interface ImagePrints {
  readonly train: string;
  readonly validation: string;
}

export function imagePrints(splits: { readonly train: Samples; readonly validation: Samples }): ImagePrints {
  const print = ({ inputs, labels, targets }: Samples): string => {
    const hash = createHash('sha256').update(inputs);
    for (const values of [labels, targets]) if (values) hash.update(values);
    return hash.digest('hex');
  };
  return { train: print(splits.train), validation: print(splits.validation) };
}

/**
 * Requires that a run goes on with the images with which it has begun.
 *
 * @throws SpecError where they are others; FileError where the folder's own print is none
 */
export async function requireSameImages(folder: RunFolder, now: ImagePrints): Promise<void> {
  const path = folder.file(runFiles.images);
  const text = await readTextIfThere(path);
  if (text === undefined) return;
  let begun: Partial<ImagePrints> | null = null;
  try {
    begun = JSON.parse(text);
  } catch {}
  if (typeof begun?.train !== 'string' || typeof begun.validation !== 'string')
    throw new FileError({
      operation: 'resume',
      expected: `prints of the images of the run in ${path}`,
      actual: JSON.stringify(text.slice(0, 60)),
      remedy: 'Delete the file if the images are the same.',
    });
  for (const name of ['train', 'validation'] as const)
    if (begun[name] !== now[name])
      throw new SpecError({
        operation: 'resume',
        expected: `the ${name === 'train' ? 'training' : name} images with which the run has begun`,
        actual: 'others, or in another order',
        remedy: 'Bring the files of the data set back. For other images name another folder.',
      });
}
