import { seriesReader, wordReader } from '@funhash/datasets';
import type { Signature } from '@funhash/layers';
import { UsageError } from '../errors.ts';
import { type Asked, decodeInputs, type Inputs } from './decode-inputs.ts';
import { readBounded } from './read-bounded.ts';

const maxBytes = 2 ** 26;

/** Texts or windows for a net, and what its answers mean. */
export interface SequenceInputs extends Inputs {
  /** What the samples are called: `text`, `window`. */
  readonly of: string;
  /** The number that an output stands for, and its name; undefined where outputs are classes. */
  readonly number?: { readonly name: string; answer(output: number): number };
}

/**
 * Inputs of a net for texts (a file with a text in each line) or for series (windows as JSON, in the units of the series).
 *
 * @returns undefined where the net takes other data
 * @throws UsageError where the file does not fit; ArgumentError for a text without words
 */
export async function readSequences(
  path: string,
  { transformation, input }: Partial<Signature>,
): Promise<SequenceInputs | undefined> {
  const words = wordReader(transformation);
  if (words) {
    const lines = decoded(await readBounded(path, { maxBytes }), path).split(/\r?\n/);
    const texts = lines.filter((line) => line.trim() !== '');
    if (texts.length === 0)
      throw new UsageError({ operation: `input ${path}`, expected: 'a text in each line', actual: 'none' });
    return { of: 'text', count: texts.length, values: words.read(texts) };
  }
  const series = seriesReader(transformation);
  if (!series) return undefined;
  const asked: Asked = { input: input ?? [], dtype: 'f32' };
  const { count, values } = await decodeInputs(await readBounded(path, { maxBytes }), path, asked);
  const { name } = series.target;
  return {
    of: 'window',
    count,
    values: series.read(values),
    number: { name, answer: (output) => series.answer(output) },
  };
}

function decoded(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new UsageError(
      {
        operation: `input ${path}`,
        expected: 'texts in UTF-8',
        actual: 'other bytes',
        remedy: 'The net reads texts, one in each line.',
      },
      { cause },
    );
  }
}
