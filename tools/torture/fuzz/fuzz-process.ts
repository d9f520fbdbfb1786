import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onSources } from '../children.ts';
import type { Answer, Order } from './messages.ts';

const worker = fileURLToPath(new URL('./fuzz.worker.ts', import.meta.url));

/** A process that ended, or was ended because an input held it up. */
export class ProcessLost extends Error {
  /** The input under way. */
  readonly index: number | undefined;

  constructor(what: string, index: number | undefined) {
    super(what);
    this.index = index;
  }
}

export interface FuzzOptions {
  /** A module whose exports are parsers. */
  readonly parsers: URL;
  /** Names of those that are fuzzed. Default: all. */
  readonly only?: readonly string[];
  /** Milliseconds after which an input counts as one that does not end. Default 20 000. */
  readonly patienceMs?: number;
}

/** A process that makes inputs and reads them. */
export class FuzzProcess {
  readonly #child: ChildProcess;
  readonly #progress: string;
  readonly #patienceMs: number;
  readonly #ready: Promise<unknown>;
  #stderr = '';
  judged = 0;

  constructor({ parsers, only = [], patienceMs = 20_000 }: FuzzOptions, seed: number, folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#progress = join(folder, 'progress');
    this.#patienceMs = patienceMs;
    const files = join(folder, 'files');
    mkdirSync(files, { recursive: true });
    this.#child = fork(worker, [parsers.href, String(seed), files, this.#progress, ...only], {
      execArgv: [...onSources, '--expose-gc'],
      // Colours are control characters too; CI has them on.
      env: { ...process.env, NO_COLOR: '1' },
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr?.on('data', (text: Buffer) => {
      this.#stderr = (this.#stderr + text).slice(-2000);
    });
    this.#ready = this.#answer('ready', 120_000);
    this.#ready.catch(() => {});
  }

  async ask<T extends Order['type']>(
    order: Extract<Order, { type: T }>,
  ): Promise<Extract<Answer, { type: T }>> {
    await this.#ready;
    const answer = this.#answer(order.type, this.#patienceMs);
    this.#child.send(order);
    return (await answer) as Extract<Answer, { type: T }>;
  }

  #answer(type: Answer['type'], patienceMs: number): Promise<Answer> {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      let [last, since] = [this.#current(), performance.now()];
      const watch = setInterval(() => {
        const now = this.#current();
        if (now !== last) [last, since] = [now, performance.now()];
        else if (performance.now() - since > patienceMs)
          end(new ProcessLost(`no end after ${patienceMs} ms`, now));
      }, 100);
      const end = (error: Error): void => {
        stop();
        child.kill('SIGKILL');
        reject(error);
      };
      const onMessage = (message: Answer): void => {
        if (message.type !== type) return;
        stop();
        resolve(message);
      };
      const onExit = (code: number | null, signal: string | null): void =>
        end(
          new ProcessLost(
            `the process ended with ${signal ?? code}: ${this.#stderr.slice(-500)}`,
            this.#current(),
          ),
        );
      const stop = (): void => {
        clearInterval(watch);
        child.off('message', onMessage).off('exit', onExit);
      };
      child.on('message', onMessage).on('exit', onExit);
    });
  }

  /** The input under way. */
  #current(): number | undefined {
    try {
      const text = readFileSync(this.#progress, 'utf8').trim();
      return text === '' ? undefined : Number(text);
    } catch {
      return undefined;
    }
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }
}
