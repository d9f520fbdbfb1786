import { realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { datasets } from '@funhash/datasets';
import { isFromFile, type RunSpec, runSpec } from '@funhash/experiments';
import { QueueError } from './connection.ts';

/**
 * Checks a run that came from a queue, where anybody who may write there writes anything: it must be a run, and every file
 * that it names must lie below a folder, wherever links lead.
 *
 * @param root the folder whose files runs may read
 * @throws OptionError, ArgumentError, SpecError for what is no run; QueueError for a file elsewhere
 */
export async function confinedSpec(given: unknown, root: string): Promise<RunSpec> {
  if (typeof given !== 'object' || given === null)
    throw new QueueError({ operation: 'run from the queue', expected: 'a run', actual: typeof given });
  const spec = runSpec(given);
  const { data, net, teacher } = spec;
  const paths = [
    ...(data && !Object.hasOwn(datasets, data.name) ? [data.name] : []),
    ...(data?.dir === undefined ? [] : [data.dir]),
    ...(data?.backgrounds === undefined ? [] : [data.backgrounds]),
    ...(isFromFile(net) ? [net.file] : []),
    ...(teacher ? [teacher.file] : []),
  ];
  const top = await realpath(root);
  for (const path of paths) {
    const place = await realpath(resolve(path)).catch(() => undefined);
    const way = place === undefined ? undefined : relative(top, place);
    if (way === undefined || way.split(sep, 1)[0] === '..' || isAbsolute(way))
      throw new QueueError({
        operation: 'run from the queue',
        expected: 'files below the data folder of the worker',
        actual: place === undefined ? `${JSON.stringify(path)}, which is not there` : JSON.stringify(path),
        remedy: 'Start the worker with --data-root <folder>, in which the files are.',
      });
  }
  return spec;
}
