import { type StoredRun, storedRuns } from '@funhash/experiments';
import { Command } from 'commander';
import { helpText } from '../terminal/help.ts';
import { grouped, type Printer, percent } from '../terminal/output.ts';
import { tableOf } from '../terminal/table.ts';

/** Makes `funhash runs`: the runs in a folder, those of comparisons included. */
export function runsCommand(output: Printer): Command {
  return new Command('runs')
    .summary('list the runs in a folder')
    .description(
      'Lists every run below a folder: the data, the net, its weights and its seed; how many epochs it has done; the ' +
        'least validation error of them, the test error, and the size of the model file.\n\n' +
        'A run is a folder with spec.json, which holds all that decides it; its hash is that of the spec, so equal ' +
        'hashes are equal runs. A run is finished when it has its summary.json, running while a process works on it, ' +
        'stopped where it was interrupted, and abandoned where its process was killed: `funhash train --resume <folder>` ' +
        'goes on with it, bit for bit. One is damaged where a file of it cannot be read.',
    )
    .argument('[folder]', 'where to look, up to three folders deep', 'runs')
    .option('--json', 'print JSON, with the whole specs and results')
    .addHelpText(
      'after',
      helpText(output, '\nExamples:\n  $ funhash runs\n  $ funhash runs runs/compare-… --json'),
    )
    .action(async (folder: string, { json }: { json?: true }) => {
      const runs = await storedRuns(folder);
      if (json) return output.json(runs, 2);
      if (runs.length === 0) return output.note(`No runs in ${folder}.`);
      output.line(
        tableOf(
          ['hash', 'run', 'state', 'epochs', 'validation error %', 'test error %', 'bytes', 'folder'],
          runs.map(rowOf),
          output.columns,
          ['bytes', 'hash', 'epochs'],
        ),
      );
      for (const { path, owner, problem } of runs) {
        if (owner !== undefined) output.note(`${path}: ${owner}`);
        if (problem !== undefined) output.note(`${path}: ${problem}`);
      }
    });
}

function rowOf({
  hash,
  name,
  state,
  epoch,
  spec,
  bestValidation,
  result,
  modelBytes,
  path,
}: StoredRun): string[] {
  const shown = (rate: number | undefined): string => (rate === undefined ? '–' : percent([rate]));
  return [
    hash,
    name,
    state,
    `${epoch}/${spec.epochs}`,
    shown(bestValidation),
    shown(result?.testError),
    modelBytes === undefined ? '–' : grouped(modelBytes),
    path,
  ];
}
