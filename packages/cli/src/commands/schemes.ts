import { schemes } from '@funhash/space';
import { Command } from 'commander';
import { helpText } from '../terminal/help.ts';
import type { Printer } from '../terminal/output.ts';
import { paint } from '../terminal/paint.ts';
import { tableOf } from '../terminal/table.ts';

/** Makes `funhash schemes`: what a layer's weight can be. */
export function schemesCommand(output: Printer): Command {
  return new Command('schemes')
    .summary('list the schemes and their options')
    .description(
      'Lists the schemes of compression space, where they come from, and the options that each takes.',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      helpText(
        output,
        '\nExamples:\n  $ funhash schemes\n  $ funhash train --weight funHash:1/64,hashes=8,layers=4',
      ),
    )
    .action(({ json }: { json?: true }) => {
      const all = Object.values(schemes).map(({ definition: { kind, source, options, pool } }) => ({
        kind,
        source,
        canBeShared: pool !== undefined,
        options: Object.entries(options).map(([name, option]) => ({
          name,
          takes: option.expected,
          default: option.isSeed ? "from the layer's seed" : option.default,
          isStructural: option.role === 'structural',
        })),
      }));
      if (json) return output.json(all, 2);
      for (const { kind, source, canBeShared, options } of all) {
        output.line(`${paint('bold', kind)}  ${paint('dim', source)}`);
        if (options.length > 0) {
          const rows = options.map(({ name, takes, default: standard }) => [
            `  ${name}`,
            takes,
            String(standard ?? 'from the size'),
          ]);
          if (canBeShared) rows.push(['  shared', 'a flag: one space for all layers that say so', 'false']);
          output.line(tableOf(['  option', 'takes', 'default'], rows, output.columns));
        }
        output.line('');
      }
    });
}
