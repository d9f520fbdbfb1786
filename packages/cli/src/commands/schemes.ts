import { schemes } from '@funhash/space';
import { Command } from 'commander';
import { type Output, tableOf } from '../terminal/output.ts';
import { paint } from '../terminal/paint.ts';

/** Makes `funhash schemes`: what a layer's weight can be. */
export function schemesCommand({ line }: Output): Command {
  return new Command('schemes')
    .summary('list the schemes and their options')
    .description(
      'Lists the schemes of compression space, where they come from, and the options that each takes.',
    )
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ funhash schemes\n  $ funhash train --weight funHash:1/64,hashes=8,layers=4',
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
      if (json) return line(JSON.stringify(all, null, 2));
      for (const { kind, source, canBeShared, options } of all) {
        line(`${paint('bold', kind)}  ${paint('dim', source)}`);
        if (options.length > 0) {
          const rows = options.map(({ name, takes, default: standard }) => [
            `  ${name}`,
            takes,
            String(standard ?? 'from the size'),
          ]);
          if (canBeShared) rows.push(['  shared', 'a flag: one space for all layers that say so', 'false']);
          line(tableOf(['  option', 'takes', 'default'], rows));
        }
        line('');
      }
    });
}
