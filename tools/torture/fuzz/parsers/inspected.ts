import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { changedModelFile } from '../changes/model-file.ts';
import { runCommand } from '../command.ts';
import type { Parser } from '../parser.ts';
import { modelFiles, sampleModels } from '../sample-models.ts';

/** Model files that `funhash inspect` is given. */
export const inspected: Parser = {
  name: 'inspect',
  share: 3,
  samples: () => modelFiles(sampleModels()),
  change: changedModelFile,
  read: async (input, folder) => {
    const path = join(folder, 'inspected.safetensors');
    writeFileSync(path, input);
    await runCommand(['inspect', '--model', path]);
  },
};
