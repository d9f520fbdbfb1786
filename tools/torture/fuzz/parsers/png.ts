import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadPngFolder } from '@funhash/datasets';
import { random } from '@funhash/hashing';
import { noise } from '../changes/bytes.ts';
import { changedPng, encodePng } from '../changes/png.ts';
import type { Parser } from '../parser.ts';

/** Pictures of so many channels. */
export const pictures = (side: number): readonly Uint8Array[] =>
  ([1, 2, 3, 4] as const).map((channels) =>
    encodePng(side, side, channels, noise(side * side * channels, random(channels))),
  );

/** A folder of photographs. */
export const png: Parser = {
  name: 'png',
  share: 2,
  samples: async () => [...pictures(6), ...pictures(30)],
  change: changedPng,
  read: async (input, folder) => {
    const pngs = join(folder, 'pngs');
    rmSync(pngs, { recursive: true, force: true });
    mkdirSync(pngs);
    writeFileSync(join(pngs, 'a.png'), input);
    await loadPngFolder(pngs);
  },
};
