import { inspectWeight, type WeightInspection } from '@funhash/space';
import { Command } from 'commander';
import { loadModel } from '../files/load-model.ts';
import { grouped, type Output, tableOf } from '../terminal/output.ts';

/** Makes `funhash inspect`: sizes of a model file, and how evenly its entries use the stored values. */
export function inspectCommand({ line }: Output): Command {
  return new Command('inspect')
    .summary('sizes, bucket loads and sign balance of a model file')
    .description(
      'Prints the layers of a model file, then for each weight how often its entries read each stored value.\n' +
        'Dispersion is χ² ÷ (length − 1) against even use: about 1 where a hash spreads like chance.',
    )
    .requiredOption('--model <file>', 'a model file (.safetensors)')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  $ funhash inspect --model runs/…/model.safetensors')
    .action(async ({ model, json }: { model: string; json?: true }) => {
      const net = await loadModel(model);
      const summary = net.summary();
      const weights = [...net.weights()].map(([name, weight]) => ({ name, ...inspectWeight(weight) }));
      if (json) return line(JSON.stringify({ rows: summary.rows, total: summary.total, weights }, null, 2));
      line(summary.toString());
      line('');
      line(
        tableOf(
          ['weight', 'array', 'values', 'reads: least', 'mean', 'most', 'dispersion', 'signs +'],
          weights.flatMap((weight) => weight.loads.map((load) => loadRow(weight.name, load, weight))),
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
