// The parent's side of the libraries' processes.

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { against } from './against.ts';
import type { Answer, Answers } from './host.ts';
import { type LibraryName, libraries } from './libraries.ts';
import { rivalPackages } from './rivals.ts';
import type { Task } from './task.ts';

const here = new URL('../', import.meta.url);
const pathOf = (relative: string, benchmarks: URL): string => fileURLToPath(new URL(relative, benchmarks));

/** The folder of the benchmarks of the commit that runs beside ours. */
function benchmarksOf(isOther: boolean): URL {
  const folder = isOther ? against()?.folder : undefined;
  return folder === undefined ? here : pathToFileURL(`${folder}/benchmarks/`);
}

/** Compiles the processes' code, as a user's bundler would: nothing of what runs the sources is in what is timed. */
export async function buildHosts(): Promise<void> {
  for (const isOther of against() ? [false, true] : [false]) await buildHost(benchmarksOf(isOther));
}

async function buildHost(benchmarks: URL): Promise<void> {
  await build({
    entryPoints: { host: pathOf('src/host.ts', benchmarks) },
    outdir: pathOf('rivals/dist', benchmarks),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['@funhash/source'],
    // The GPU backend is optional, and no case uses it.
    external: [...rivalPackages(), '@funhash/gpu'],
    logLevel: 'error',
  });
}

interface Waiting {
  settle(answer: Answer): void;
  fail(error: Error): void;
}

/** One library's process, started by the first request. */
export class Host {
  readonly #name: LibraryName;
  readonly #patienceMs: number;
  readonly #benchmarks: URL;
  #child: ChildProcess | undefined;
  #opened: Promise<unknown> | undefined;
  #failure: Error | undefined;
  #noise = '';
  #id = 0;
  readonly #waiting = new Map<number, Waiting>();

  constructor(name: LibraryName, patienceMs: number, benchmarks: URL) {
    this.#name = name;
    this.#patienceMs = patienceMs;
    this.#benchmarks = benchmarks;
  }

  /** @throws with the library's words where it cannot; prepares and calls it once */
  async prepare(name: string, task: Task): Promise<Answers['prepare']> {
    await this.#open();
    return this.#ask('prepare', { name, task });
  }

  /** Milliseconds of calls one after the other, at least one and at least `leastMs` together. */
  turn(name: string, leastMs: number): Promise<Answers['turn']> {
    return this.#ask('turn', { name, leastMs });
  }

  async memory(): Promise<Answers['memory']> {
    await this.#open();
    return this.#ask('memory', {});
  }

  close(): void {
    this.#child?.kill();
  }

  #open(): Promise<unknown> {
    this.#opened ??= this.#ask('open', { library: libraries[this.#name] });
    return this.#opened;
  }

  #ask<D extends keyof Answers>(what: D, details: object): Promise<Answers[D]> {
    const child = this.#start();
    if (this.#failure) return Promise.reject(this.#failure);
    const id = this.#id++;
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        this.#failed(new Error(`no answer within ${this.#patienceMs / 1000} s`));
        child.kill('SIGKILL');
      }, this.#patienceMs);
      this.#waiting.set(id, {
        settle: ({ value, error }) => {
          clearTimeout(limit);
          if (error === undefined) resolve(value as Answers[D]);
          else reject(new Error(error));
        },
        fail: (error) => {
          clearTimeout(limit);
          reject(error);
        },
      });
      child.send({ id, do: what, ...details });
    });
  }

  #start(): ChildProcess {
    if (this.#child) return this.#child;
    const child = fork(pathOf('rivals/dist/host.mjs', this.#benchmarks), {
      cwd: pathOf('.', this.#benchmarks),
      execArgv: ['--conditions=default'],
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (text: Buffer) => {
        this.#noise = (this.#noise + String(text)).slice(-4000);
      });
    child.on('message', (answer: Answer) => {
      this.#waiting.get(answer.id)?.settle(answer);
      this.#waiting.delete(answer.id);
    });
    child.on('exit', (code, signal) => this.#failed(new Error(this.#lastWords(code ?? signal))));
    this.#child = child;
    return child;
  }

  #failed(error: Error): void {
    this.#failure ??= error;
    for (const { fail } of this.#waiting.values()) fail(this.#failure);
    this.#waiting.clear();
  }

  /** The error that ended the process, else how it ended. */
  #lastWords(end: number | string | null): string {
    const lines = this.#noise.split('\n').filter((line) => /error|abort|memory/i.test(line));
    return lines.at(-1)?.trim() ?? `the process ended with ${end}`;
  }
}

/** The process of a library, or of ours at the commit that runs beside it. */
export type HostOf = (name: LibraryName, isOther?: boolean) => Host;

/**
 * Runs `use` with the processes of libraries, started when first asked for and ended after it. One that does not
 * answer in time is ended: a few calls of the slowest rival take half a minute.
 */
export async function withHosts<T>(use: (hostOf: HostOf) => Promise<T>, patienceMs = 60_000): Promise<T> {
  const hosts = new Map<string, Host>();
  try {
    return await use((name, isOther = false) => {
      const key = `${name}${isOther ? ' of the other commit' : ''}`;
      const host = hosts.get(key) ?? new Host(name, patienceMs, benchmarksOf(isOther));
      hosts.set(key, host);
      return host;
    });
  } finally {
    for (const host of hosts.values()) host.close();
  }
}
