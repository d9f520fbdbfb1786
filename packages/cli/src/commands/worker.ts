import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { UsageError } from '../errors.ts';
import { queueAt } from '../files/queue-module.ts';
import { threadsIn } from '../sweeping/carry-out-sweep.ts';
import { helpText } from '../terminal/help.ts';
import { onInterrupt } from '../terminal/interrupt.ts';
import type { Printer } from '../terminal/output.ts';

interface WorkerFlags {
  readonly queue: string;
  readonly insecure?: true;
  readonly threads?: string;
  readonly store: string;
  readonly dataRoot: string;
  readonly lock: string;
}

/** Makes `funhash worker`: carries out runs of a queue until it is stopped. */
export function workerCommand(output: Printer): Command {
  return new Command('worker')
    .summary('carry out runs of a queue')
    .description(
      'Takes runs from a queue, as `funhash sweep --queue` puts them there, until Ctrl-C, which gives those under way back. ' +
        'On any number of machines; those that share --store go on with the runs of workers that were killed.',
    )
    .requiredOption(
      '--queue <address>',
      'redis://host:6379/name, or rediss:// with TLS; a password in FUNHASH_QUEUE_PASSWORD',
    )
    .option('--insecure', 'reach a server beyond this machine without TLS')
    .option('--threads <n>', 'runs side by side', String(availableParallelism()))
    .option('--store <folder>', 'folder of the runs', join('runs', 'queue'))
    .option('--data-root <folder>', 'folder below which runs may read files', '.')
    .option('--lock <ms>', 'time after which a worker that says nothing has lost its runs, in ms', '10000')
    .addHelpText('after', helpText(output, examples))
    .action(async ({ queue, insecure, threads, store, dataRoot, lock }: WorkerFlags) => {
      const { module, address } = await queueAt(queue, { insecure });
      const stop = onInterrupt();
      const worker = module.queueWorker({
        address,
        store,
        dataRoot,
        threads: threadsIn(threads),
        onNote: output.note,
        lockMs: lockIn(lock),
      });
      output.note(`waiting for runs at ${address.shown}; Ctrl-C ends`);
      try {
        await new Promise<void>((resolve) => {
          if (stop.signal.aborted) resolve();
          stop.signal.addEventListener('abort', () => resolve(), { once: true });
        });
        await worker.close();
      } finally {
        stop.release();
      }
    });
}

function lockIn(text: string): number {
  if (/^\d{4,7}$/.test(text)) return Number(text);
  throw new UsageError({ operation: '--lock', expected: 'milliseconds from 1000 to 9999999', actual: text });
}

const examples = `
Examples:
  $ redis-server --appendonly yes --save "" --maxmemory-policy noeviction --bind 127.0.0.1 &
  $ funhash worker --queue redis://127.0.0.1:6379 --threads 2
  $ FUNHASH_QUEUE_PASSWORD=… funhash worker --queue rediss://me@queue.example --data-root data`;
