import { createHash } from 'node:crypto';
import { readBytes } from '@funhash/codec';
import { type RunRequest, teacherFields } from '@funhash/experiments';
import { option } from '@funhash/hashing';
import { requireFile } from '../files/paths.ts';
import { type ConfigOf, number, type Settings } from './config.ts';

/** A trained net that a command which trains may learn from. */
export const teacherSettings = {
  teacher: {
    flag: '--teacher <file>',
    help: 'a model file whose probabilities of classes are learned besides the labels (distillation), for each image as it was moved',
    standard: 'labels alone',
    rule: option.text(),
  },
  teacherShare: {
    flag: '--teacher-share <share>',
    help: 'share of the teacher in what is learned, 0 to 1',
    rule: teacherFields.share,
    read: number,
  },
} as const satisfies Settings;

/** SHA-256 of a file, in hex, by which specs know it. */
export async function sha256Of(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readBytes(file))
    .digest('hex');
}

/** The part of a spec that says who teaches. */
export async function teacherIn({
  teacher: file,
  teacherShare: share,
}: Partial<ConfigOf<typeof teacherSettings>>): Promise<Pick<RunRequest, 'teacher'>> {
  if (file === undefined) return {};
  await requireFile('the teacher', file);
  const sha256 = await sha256Of(file);
  return { teacher: { file, sha256, share } };
}
