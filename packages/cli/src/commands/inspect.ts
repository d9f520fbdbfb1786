import { inspectWeight, type WeightInspection } from '@funhash/space';
import { Command } from 'commander';
import { loadModel } from '../files/load-model.ts';
import { takesModel } from '../settings/model-file.ts';
import { helpText } from '../terminal/help.ts';
import { summaryTable } from '../terminal/model-tables.ts';
import { grouped, type Printer } from '../terminal/output.ts';
import { tableOf } from '../terminal/table.ts';

/** Makes `funhash inspect`: sizes of a model file, and how evenly its entries use the stored values. */
export function inspectCommand(output: Printer): Command {
  const command = new Command('inspect')
    .summary('sizes, bucket loads and sign balance of a model file')
    .description(
      'Prints the layers of a model file, then for each weight how often its entries read each stored value. ' +
        'Dispersion is χ² ÷ (length − 1) against even use: about 1 where a hash spreads like chance. Signs + is the share of ' +
        'entries that read their value with its own sign.',
    )
    .option('--json', 'print JSON')
    .addHelpText('after', helpText(output, '\nExample:\n  $ funhash inspect runs/…/model.safetensors'));
  return takesModel(command, '', async (model, { json }: { json?: true }) => {
    const net = await loadModel(model);
    const { rows, total } = net.summary();
    const weights = [...net.weights()].map(([name, weight]) => ({ name, ...inspectWeight(weight) }));
    if (json) return output.json({ rows, total, weights }, 2);
    output.line(summaryTable({ rows, total }, output.columns));
    output.line('');
    output.line(
      tableOf(
        ['weight', 'array', 'values', 'reads: least', 'mean', 'most', 'dispersion', 'signs +'],
        weights.flatMap((weight) => weight.loads.map((load) => loadRow(weight.name, load, weight))),
        output.columns,
        ['signs +', 'mean'],
      ),
    );
  });
}

function loadRow(
  name: string,
  { name: array, length, least, mean, most, dispersion }: WeightInspection['loads'][number],
  { positiveShare }: WeightInspection,
): string[] {
  const share = positiveShare === undefined ? '–' : `${(100 * positiveShare).toFixed(2)} %`;
  const reads = [String(least), mean.toFixed(1), String(most), dispersion.toFixed(2)];
  return [name, array, grouped(length), ...reads, share];
}
