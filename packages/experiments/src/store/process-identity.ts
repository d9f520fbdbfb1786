import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { threadId } from 'node:worker_threads';

/** A process, told apart from all others that have had or will have its number. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** When it began, in ms since 1970, as people read it. */
  readonly began: number;
  /** What /proc says of its begin; null where there is none. */
  readonly proc: ProcBegin | null;
  /** The thread of it: 0 is the first. */
  readonly thread?: number;
}

interface ProcBegin {
  /** The begin of the machine. */
  readonly boot: string;
  /** The space in which the number counts: containers have their own. */
  readonly space: string;
  /** Begin of the process, in ticks since that of the machine. */
  readonly ticks: number;
}

let own: Promise<ProcessIdentity> | undefined;

/** This process. */
export function thisProcess(): Promise<ProcessIdentity> {
  // Every run takes a folder, and what /proc says does not change.
  own ??= procOf('self').then((proc) => ({
    pid: process.pid,
    host: hostname(),
    began: Math.round(Date.now() - 1000 * process.uptime()),
    proc,
    thread: threadId,
  }));
  return own;
}

/**
 * Whether a process runs: `unknown` where it cannot be asked, on another machine or in another container. One is gone
 * where its number is free or was given to another, or where its machine began anew.
 */
export async function stateOf(
  { pid, host, began, proc }: ProcessIdentity,
  own: ProcessIdentity,
): Promise<'running' | 'gone' | 'unknown'> {
  if (host !== own.host) return 'unknown';
  if (proc && own.proc) {
    if (proc.boot !== own.proc.boot) return 'gone';
    if (proc.space !== own.proc.space) return 'unknown';
    const found = await procOf(pid);
    return found?.ticks === proc.ticks ? 'running' : 'gone';
  }
  if (pid === own.pid) return Math.abs(began - own.began) < 5000 ? 'running' : 'gone';
  try {
    process.kill(pid, 0);
    return 'running';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? 'running' : 'gone';
  }
}

/** Begin of a process; null where it has ended, or where there is no /proc. */
async function procOf(pid: number | 'self'): Promise<ProcBegin | null> {
  try {
    const [boot, space, stat] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readlink('/proc/self/ns/pid'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ]);
    // The name, in parentheses, may hold anything; the state follows it, and 19 fields later the begin.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const hasEnded = fields[0] === 'Z' || fields[0] === 'X';
    const ticks = Number(fields[19]);
    return hasEnded || !Number.isSafeInteger(ticks) ? null : { boot: boot.trim(), space, ticks };
  } catch {
    return null;
  }
}

/** A process as JSON has it; undefined for anything else. */
export function processIn(value: unknown): ProcessIdentity | undefined {
  const {
    pid,
    host,
    began,
    proc = null,
    thread = 0,
  } = (value ?? {}) as Partial<Record<keyof ProcessIdentity, unknown>>;
  const isWhole =
    Number.isSafeInteger(pid) &&
    (pid as number) > 0 &&
    typeof host === 'string' &&
    host.length <= 255 &&
    Number.isSafeInteger(began) &&
    Math.abs(began as number) < 8e15 &&
    Number.isSafeInteger(thread) &&
    (proc === null || isBegin(proc));
  return isWhole ? ({ pid, host, began, proc, thread } as ProcessIdentity) : undefined;
}

function isBegin(value: unknown): value is ProcBegin {
  const { boot, space, ticks } = (value ?? {}) as Partial<Record<keyof ProcBegin, unknown>>;
  return typeof boot === 'string' && typeof space === 'string' && typeof ticks === 'number';
}
