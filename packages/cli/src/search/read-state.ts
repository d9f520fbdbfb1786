import { type CampaignState, ReplayError } from '@funhash/rnn-testing';
import { readBounded } from '../files/read-bounded.ts';

/** A file of a search as JSON. @throws ReplayError where it is something else */
export async function readJson(path: string): Promise<unknown> {
  const text = (await readBounded(path, { maxBytes: 2 ** 28 })).toString('utf8');
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ReplayError({ operation: path, expected: 'JSON', actual: 'something else' }, { cause });
  }
}

/** A state as it was written, which the campaign checks. */
export const readState = async (path: string): Promise<CampaignState> =>
  (await readJson(path)) as CampaignState;
