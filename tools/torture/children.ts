import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What Node is told to run the sources of this repository. */
export const onSources = ['--conditions=@funhash/source', '--import', import.meta.resolve('tsx')];

/** The `funhash` command, as a script. */
const command = fileURLToPath(new URL('../../packages/cli/src/bin.ts', import.meta.url));

/** What became of a process. */
export interface Ended {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Most memory that was resident, as seen now and then; 0 where it cannot be seen. */
  readonly bytes: number;
  readonly timedOut: boolean;
}

export interface StartOptions extends Pick<SpawnOptions, 'cwd' | 'env'> {
  /** Milliseconds after which the process is killed. Default 120 000. */
  readonly timeoutMs?: number;
  /** Told when the process has begun. */
  readonly onStart?: (child: ChildProcess) => void;
  /** Options of Node besides those for sources. */
  readonly node?: readonly string[];
}

/** Runs a script of this repository in a process of its own, to its end. */
export function runScript(
  script: string,
  args: readonly string[],
  options: StartOptions = {},
): Promise<Ended> {
  const { timeoutMs = 120_000, onStart, node = [], ...spawning } = options;
  const child = spawn(process.execPath, [...onSources, ...node, script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...spawning,
    // Colours are control characters too; CI has them on.
    env: { ...(spawning.env ?? process.env), NO_COLOR: '1' },
  });
  let [stdout, stderr, bytes, timedOut] = ['', '', 0, false];
  child.stdout?.on('data', (text: Buffer) => {
    stdout += text;
  });
  child.stderr?.on('data', (text: Buffer) => {
    stderr += text;
  });
  onStart?.(child);
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill('SIGKILL');
  }, timeoutMs);
  const watch = setInterval(() => {
    bytes = Math.max(bytes, peakOf(child.pid));
  }, 200);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      clearInterval(watch);
      resolve({ code, signal, stdout, stderr, bytes, timedOut });
    });
  });
}

/** Runs the `funhash` command in a process of its own. */
export const funhash = (args: readonly string[], options?: StartOptions): Promise<Ended> =>
  runScript(command, args, options);

/** Most memory that a process has had resident, where the system tells. */
function peakOf(pid: number | undefined): number {
  try {
    const match = /VmHWM:\s*(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return match ? 1024 * Number(match[1]) : 0;
  } catch {
    return 0;
  }
}

/** Whether what a command printed holds the stack of an error that it did not foresee. */
export const hasStack = (text: string): boolean => /\n\s+at .+:\d+:\d+/.test(text);
