import { type ByteSource, readBytes } from '@funhash/codec';
import { type Checkpoint, decodeCheckpoint } from './checkpoint.ts';

/**
 * The state of a run in a file that `fit` wrote.
 *
 * @throws ModelFileError for a file that cannot be read or was damaged, CheckpointError for another model file
 */
export async function readCheckpoint(source: ByteSource): Promise<Checkpoint> {
  return decodeCheckpoint(await readBytes(source));
}
