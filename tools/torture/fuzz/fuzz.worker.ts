import { openSync, writeSync } from 'node:fs';
import { random } from '@funhash/hashing';
import { useBackend } from '@funhash/tensor';
import { changedBytes } from './changes/bytes.ts';
import { pick } from './draw.ts';
import { bounds, byteBound, collectGarbage, judge, type Verdict } from './judge.ts';
import type { Answer, Found, Order } from './messages.ts';
import type { Parser } from './parser.ts';

// A process that makes inputs and reads them: it may be killed where an input does not let it end.

const [parsersUrl, seedText, folder, progressPath, ...only] = process.argv.slice(2) as [
  ...[string, string, string, string],
  ...string[],
];
const source = random(Number(seedText)).fork('fuzz');
const progress = openSync(progressPath, 'w');
const answer = (message: Answer): void => void process.send?.(message);

// Sources of errors are told by their first lines; more would take most of the time.
Error.stackTraceLimit = 6;
let stray: unknown;
process.on('unhandledRejection', (error) => {
  stray = error;
});
process.on('disconnect', () => process.exit());

await useBackend('reference');
const all = Object.values((await import(parsersUrl)) as Record<string, Parser>);
const parsers = only.length === 0 ? all : all.filter(({ name }) => only.includes(name));
// One entry for each share.
const turns = parsers.flatMap((parser) => Array<Parser>(parser.share).fill(parser));
const samples = new Map<Parser, readonly Uint8Array[]>();
for (const parser of parsers) samples.set(parser, await parser.samples());

process.on('message', (order: Order) => {
  carryOut(order).then(answer, (error: Error) => {
    console.error(error.stack);
    process.exit(1);
  });
});
answer({ type: 'ready' });

async function carryOut(order: Order): Promise<Answer> {
  if (order.type === 'batch') return batch(order.from, order.count);
  if (order.type === 'make') {
    const { parser, input } = made(order.index);
    return { type: 'make', parser: parser.name, input };
  }
  const parser = parsers.find(({ name }) => name === order.parser) as Parser;
  // What is loaded when it is first needed is no memory of an input.
  for (const sample of samplesOf(parser).slice(0, 4)) await judge(parser, sample, folder);
  let [ms, bytes] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  let fault: Verdict['fault'];
  for (let time = 0; time < 3; time++) {
    collectGarbage();
    // Each reading may take the whole patience.
    writeSync(progress, String(-1 - time).padEnd(16), 0);
    const verdict = await judge(parser, order.input, folder);
    [ms, bytes] = [Math.min(ms, verdict.ms), Math.min(bytes, verdict.bytes)];
    fault ??= verdict.fault;
  }
  return { type: 'confirm', ms, bytes, fault };
}

async function batch(from: number, count: number): Promise<Answer> {
  const found: Found[] = [];
  const suspects: number[] = [];
  let [worstMs, worstBytes] = [0, 0];
  for (let index = from; index < from + count; index++) {
    const { parser, input } = made(index);
    writeSync(progress, String(index).padEnd(16), 0);
    const { ms, bytes, fault } = await judge(parser, input, folder);
    const wrong = fault ?? strayFault(parser);
    if (wrong) found.push({ index, parser: parser.name, input, ...wrong });
    else if (ms > bounds.ms || bytes > byteBound(input)) suspects.push(index);
    else [worstMs, worstBytes] = [Math.max(worstMs, ms), Math.max(worstBytes, bytes)];
  }
  return { type: 'batch', count, worstMs, worstBytes, found, suspects };
}

function samplesOf(parser: Parser): readonly Uint8Array[] {
  return samples.get(parser) as readonly Uint8Array[];
}

function made(index: number): { readonly parser: Parser; readonly input: Uint8Array } {
  const parser = turns[index % turns.length] as Parser;
  const draw = source.fork(index);
  let input = pick(draw, samplesOf(parser));
  for (let changes = draw.integer(4) === 0 ? 2 : 1; changes > 0; changes--)
    try {
      input = parser.change(input, draw);
    } catch {
      // The change before it left nothing of the structure that this one knows, or nested it too deep.
      input = changedBytes(input, draw);
    }
  // An array of its own: readers may give views of it.
  return { parser, input: Uint8Array.from(input) };
}

const builtIn = new Set(Reflect.ownKeys(Object.prototype));

/** What an input did besides answering. */
function strayFault(parser: Parser): Verdict['fault'] {
  const added = Reflect.ownKeys(Object.prototype).filter((name) => !builtIn.has(name));
  if (added.length > 0) {
    for (const name of added) Reflect.deleteProperty(Object.prototype, name);
    return { what: `${parser.name}: Object.prototype was changed`, cause: `${parser.name}: prototype` };
  }
  if (stray === undefined) return undefined;
  const what = `${parser.name}: a rejection that nobody took: ${stray}`;
  stray = undefined;
  return { what, cause: `${parser.name}: rejection` };
}
