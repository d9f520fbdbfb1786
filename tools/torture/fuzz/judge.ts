import { openSync, writeSync } from 'node:fs';
import { FunhashError } from '@funhash/hashing';
import { controlIn } from '../control.ts';
import { LossError } from '../trial.ts';
import type { Parser } from './parser.ts';

/** What an input came to. */
export interface Verdict {
  readonly ms: number;
  /** Growth of the process while the input was read. */
  readonly bytes: number;
  /** What was wrong with the result or the error. */
  readonly fault?: { readonly what: string; readonly cause: string };
}

/** What one input may take, besides four times its own size. */
export const bounds = { ms: 1000, bytes: 2 ** 26, longestMessage: 2500 } as const;

export const byteBound = (input: Uint8Array): number => 4 * input.length + bounds.bytes;

/** Measures and judges what a parser makes of an input. */
export async function judge(parser: Parser, input: Uint8Array, folder: string): Promise<Verdict> {
  const held = buffersHeld();
  const before = resident();
  const begun = performance.now();
  let fault: Verdict['fault'];
  try {
    await parser.read(input, folder);
  } catch (error) {
    const found = faultOf(error);
    if (found) fault = { what: `${parser.name}: ${found.what}`, cause: `${parser.name}: ${found.cause}` };
  }
  const ms = performance.now() - begun;
  // What was touched while it ran, or is held and perhaps not touched yet.
  const bytes = Math.max(peak() - before, process.memoryUsage().arrayBuffers - held, 0);
  return { ms, bytes, ...(fault && { fault }) };
}

const gc = (globalThis as { gc?: () => void }).gc;
let floor = 0;

/** Bytes of buffers held, of which none that counts is freed while the next input is read: that would hide its own. */
function buffersHeld(): number {
  let held = process.memoryUsage().arrayBuffers;
  if (held - floor > bounds.bytes / 8) {
    collectGarbage();
    held = process.memoryUsage().arrayBuffers;
    floor = held;
  }
  floor = Math.min(floor, held);
  return held;
}

/** Frees all garbage, buffers too, before it returns. */
export function collectGarbage(): void {
  // A thread of its own frees buffers; a second collection begins by waiting for it.
  gc?.();
  gc?.();
}

/** What is wrong with an error: it has no type, or does not say what a user needs, or says it dangerously. */
function faultOf(error: unknown): Verdict['fault'] {
  if (error instanceof LossError) return { what: error.message, cause: String(error.cause ?? error.message) };
  if (!(error instanceof FunhashError)) {
    const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
    const frames = stack.split('\n').filter((line) => line.startsWith('    at '));
    const own = frames.find((frame) => frame.includes('/packages/')) ?? frames[0] ?? '';
    const what = `untyped ${name}: ${message.slice(0, 300)}\n${frames.slice(0, 4).join('\n')}`;
    return { what, cause: `${name} ${own}` };
  }
  const { message, details } = error;
  const of = (kind: string, text = message): Verdict['fault'] => ({
    what: `${kind}: ${text.slice(0, 600)}`,
    cause: `${kind}, ${details?.operation.replace(/["\d/].*/, '')}`,
  });
  for (const field of ['operation', 'expected', 'actual'] as const)
    if (typeof details?.[field] !== 'string' || details[field] === '') return of(`an error without ${field}`);
  if (message.length > bounds.longestMessage)
    return of(`a message of more than ${bounds.longestMessage} characters`);
  if (message.includes('[object ')) return of('a message that does not say what was given');
  const found = controlIn(message);
  return found === undefined ? undefined : of('a control character in a message', found);
}

// Linux lets a process lower its own high-water mark to what it holds now.
const mark = ((): number | undefined => {
  try {
    return openSync('/proc/self/clear_refs', 'w');
  } catch {
    return undefined;
  }
})();

/** Memory held now; from here on the peak is measured. */
function resident(): number {
  if (mark !== undefined) writeSync(mark, '5');
  return process.memoryUsage.rss();
}

function peak(): number {
  return mark === undefined ? process.memoryUsage.rss() : 1024 * process.resourceUsage().maxRSS;
}
