import { join } from 'node:path';
import { newFolder, newFolderIn, type RunFolder } from '@funhash/experiments';

/** Claims the folder of what a command is about to write. Default: `runs/<name>-<date and time>`. */
export function claimFolder(out: string | undefined, name: string): Promise<RunFolder> {
  const stamp = new Date().toISOString().slice(0, 19).replace('T', '-').replaceAll(':', '');
  return out === undefined ? newFolderIn('runs', `${name}-${stamp}`) : newFolder(out);
}

/** The name of the settings in a folder that a command wrote. */
export const configFile = 'config.json';

/** The name of the report in such a folder. */
export const reportFile = 'report.html';

/** The name of a compact model in such a folder. */
export const compactFile = 'model.fhc';

/** The settings beside a file of a run. */
export const configBeside = (folder: string): string => join(folder, configFile);
