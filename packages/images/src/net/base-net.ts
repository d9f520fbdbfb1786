import { load, type Module } from '@funhash/layers';
import { baseNetFile } from './base-net-file.ts';

let bytes: Uint8Array | undefined;

/** The network that comes with this package: what `funhash image` encodes and decodes with. Each call gives a new one. */
export async function baseNet(): Promise<Module> {
  bytes ??= Uint8Array.from(atob(baseNetFile), (character) => character.charCodeAt(0));
  return load(bytes);
}
