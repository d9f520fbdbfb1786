import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type FuzzOptions, FuzzProcess, ProcessLost } from '../fuzz/fuzz-process.ts';
import { bounds, byteBound } from '../fuzz/judge.ts';
import type { Trial, Work } from '../trial.ts';

/** Inputs of an order, and of a process before a fresh one takes its place. */
const [batchSize, processSize] = [200, 20_000];

const allParsers = new URL('../fuzz/parsers/index.ts', import.meta.url);

/** Makes a trial that fuzzes parsers. Default: all. */
export function fuzzing(options: Partial<FuzzOptions>): Trial {
  return {
    name: 'fuzz',
    summary: 'changed files to every reader: a sound result or a typed error, in 1 s and 4 × file + 64 MiB',
    tries: 100_000,
    run: async (work) => {
      // Memory as a disk: each input of some parsers is a file.
      const folder = existsSync('/dev/shm') ? mkdtempSync('/dev/shm/torture-') : work.folder;
      const open = (name: string): FuzzProcess =>
        new FuzzProcess({ parsers: allParsers, ...options }, work.seed, join(folder, name));
      try {
        const lane = (_: unknown, number: number): Promise<void> => fuzzLane(work, number, open);
        await Promise.all(Array.from({ length: work.lanes }, lane));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

/** A million inputs, made of what the library writes. */
export const fuzz = fuzzing({});

type Open = (name: string) => FuzzProcess;

async function fuzzLane(work: Work, number: number, open: Open): Promise<void> {
  const { replay } = work;
  if (replay?.input && replay.parser) {
    work.next();
    const alone = open(`replay-${number}`);
    await confirm(work, alone, replay.index, replay.parser, replay.input);
    return;
  }
  let process: FuzzProcess | undefined;

  /** Reads inputs, also where one of them ends the process. */
  async function read(from: number, count: number): Promise<void> {
    if (count === 0) return;
    process ??= open(`lane-${number}`);
    try {
      const { found, suspects, worstMs, worstBytes } = await process.ask({ type: 'batch', from, count });
      process.judged += count;
      work.noteSurvivors(count - found.length - suspects.length, { ms: worstMs, bytes: worstBytes });
      for (const loss of found) work.noteLoss(loss);
      for (const index of suspects) await suspect(index);
    } catch (error) {
      process?.close();
      process = undefined;
      if (!(error instanceof ProcessLost) || error.index === undefined || error.index < from) throw error;
      const { index } = error;
      // Those before it were answered by the lost process alone.
      await read(from, index - from);
      await suspect(index);
      await read(index + 1, from + count - index - 1);
    }
  }

  /** Reads an input that took too much once more, by itself. */
  async function suspect(index: number): Promise<void> {
    const alone = open(`alone-${number}`);
    const { parser, input } = await alone.ask({ type: 'make', index });
    await confirm(work, alone, index, parser, input);
  }

  try {
    for (let batch = work.take(batchSize); batch; batch = work.take(batchSize)) {
      await read(batch.from, batch.count);
      if (process && process.judged < processSize) continue;
      process?.close();
      process = undefined;
    }
  } finally {
    process?.close();
  }
}

async function confirm(
  work: Work,
  alone: FuzzProcess,
  index: number,
  parser: string,
  input: Uint8Array,
): Promise<void> {
  const lose = (what: string, cause: string): void =>
    work.noteLoss({ index, parser, input, what: `${parser}: ${what}`, cause: `${parser}: ${cause}` });
  try {
    const { ms, bytes, fault } = await alone.ask({ type: 'confirm', parser, input });
    if (fault) work.noteLoss({ index, parser, input, ...fault });
    else if (ms > bounds.ms) lose(`${Math.round(ms)} ms for ${input.length} bytes`, 'time');
    else if (bytes > byteBound(input))
      lose(`${(bytes / 2 ** 20).toFixed(0)} MiB for ${input.length} bytes`, 'memory');
    else work.noteSurvivors(1, { ms, bytes });
  } catch (error) {
    if (!(error instanceof ProcessLost)) throw error;
    lose(`${error.message} for ${input.length} bytes`, error.message.slice(0, 20));
  } finally {
    alone.close();
  }
}
