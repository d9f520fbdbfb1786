import type { Dataset } from '@funhash/datasets';
import { FunhashError } from '@funhash/hashing';
import { newNet } from '../run/net-of.ts';
import { isFromFile, type RunSpec } from '../spec/run-spec.ts';
import { storageOf } from '../training/storage.ts';

/** Most weights of a net of which a file is made to know its size. */
const mostStored = 2 ** 20;

/** Bytes of the file of a net before training; undefined where there can be no such net. */
export async function fileSize(spec: RunSpec, data: Dataset): Promise<number | undefined> {
  const { net: own, storage } = spec;
  if (isFromFile(own)) return undefined;
  try {
    const { net } = newNet(spec, own, data);
    try {
      if (net.summary().total.storedCount > mostStored) return undefined;
      const { storeAs, compress } = storage;
      return (await net.toBytes({ storeAs: storageOf(storeAs, net), compress })).length;
    } finally {
      net.dispose();
    }
  } catch (error) {
    if (error instanceof FunhashError) return undefined;
    throw error;
  }
}
