import { type Asked, decodeInputs, type Inputs, type Shown } from './decode-inputs.ts';
import { readBounded } from './read-bounded.ts';

const maxBytes = 2 ** 28;

/**
 * Inputs of a net in a PNG, IDX or JSON file: see `decodeInputs`.
 *
 * @throws UsageError or DataFormatError where the file is none of these or does not fit the net
 */
export async function readInputs(path: string, asked: Asked, shown: Shown = {}): Promise<Inputs> {
  return decodeInputs(await readBounded(path, { maxBytes }), path, asked, shown);
}
