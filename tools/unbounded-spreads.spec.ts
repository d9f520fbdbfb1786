import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

// Arguments lie on the stack: to spread as many as there are rows, outputs or files overflows it at about 120 000.

/** Functions that are commonly given a whole list. */
const greedy = /(^|\.)(Math\.(max|min|hypot)|push|unshift|splice|concat|fromCharCode|fromCodePoint|assign)$/;

/** Parsing takes its time: a glance at the text spares most of it. */
const mayHave = /(max|min|hypot|push|unshift|splice|concat|CharCode|CodePoint|assign)\([^;]*?\.\.\./;

/** Spreads of what is bounded, and by what. A new one is a loop, or it has its reason here. */
const bounded: Readonly<Record<string, string>> = {
  'benchmarks/src/cases/load-time.ts: Math.min(...list.map(': 'rounds',
  'benchmarks/src/rounds.ts: samples.get(entry)?.push(...(await': 'samples of a turn',
  'examples/browser-gpu/main.ts: Math.max(...losses)': 'steps that the page draws',
  'packages/autodiff/src/ops/pooling.ts: Math.max(...amounts)': 'axes',
  'packages/codegen/src/program-text.ts: this.#wordLines.push(...this.#words.write(node))':
    'lines of one word',
  'packages/codegen/src/program-text.ts: functions.push( ...getters.map(':
    'words of a formula that Reals read',
  'packages/datasets/src/cifar10/cifar10-jpeg.ts: Math.max(...classes.map(': 'classes',
  'packages/datasets/src/images/png-chunks.ts: String.fromCharCode(...bytes.subarray(at + 4, at + 8))':
    'four',
  'packages/formula/src/program.ts: open.push(...graph.at(id).args)': 'operands of a node',
  'packages/models/src/named-models.ts: Object.assign( {}, ...Object.values(models)': 'models',
  'packages/space/src/contraction/chain-scheme.ts: Math.max(1, ...most)': 'modes, at most 64',
  'packages/space/src/contraction/chain-scheme.ts: Math.max(...modes)': 'modes, at most 64',
  'packages/space/src/contraction/modes.ts: Math.min(...modes)': 'modes, at most 64',
  'packages/space/src/contraction/modes.ts: Math.max(...modes)': 'modes, at most 64',
  'packages/space/src/contraction/tensor-chain.ts: Math.max(1, ...most)': 'modes, at most 64',
  'packages/tensor/src/shape.ts: Math.max(0, ...shapes.map(': 'operands of an op',
  'packages/wasm/bench/emission.ts: Math.min(...times)': 'rounds',
  'packages/wasm/src/kernels/panels.ts: Math.max(value, ...reported.subarray(4 * k, 4 * k + 4))': 'four',
  'packages/wasm/src/threads/threads.ts: this.#functions.push(...names.map(': 'kernels',
  'packages/wasm/src/threads/worker-thread.ts: String.fromCharCode(...i32.subarray(from, from + length))':
    'a message that has room for so many',
  'tools/check.ts: faults.push(...found.filter(': 'checks',
  'tools/torture/fuzz/changes/png.ts: String.fromCharCode(...png.subarray(at + 4, at + 8))': 'four',
  'tools/torture/fuzz/changes/tar.ts: String.fromCharCode(...archive.subarray(at + 257, at + 262))': 'five',
  'tools/torture/run-trials.ts: Math.max(title.length, ...rows.map(': 'trials',
  'tools/torture/trials/concurrent.ts: Math.max(...all.map(': 'processes of a trial',
  'tools/gpu-training.ts: Math.max(...differences)': 'parameters of a small net',
};

/** Sources besides specs, and laws, which draw small samples. */
const root = fileURLToPath(new URL('..', import.meta.url));
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '' && !/\.(spec|spec-kit|fixtures)\.ts$|\/testing\//.test(path));

function spreadsIn(path: string, text: string): string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (
      ts.isCallExpression(node) &&
      greedy.test(node.expression.getText(source)) &&
      node.arguments.some((argument) => ts.isSpreadElement(argument))
    )
      found.push(`${path}: ${node.getText(source).replace(/\s+/g, ' ')}`);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const isKnown = (spread: string): boolean => Object.keys(bounded).some((start) => spread.startsWith(start));

test('the rule sees what it forbids', () => {
  const text =
    'const a = Math.max(...rows); list.push(1, ...rows); [...rows]; f(...rows); String.fromCharCode(...b)';
  expect(spreadsIn('a.ts', text)).toEqual([
    'a.ts: Math.max(...rows)',
    'a.ts: list.push(1, ...rows)',
    'a.ts: String.fromCharCode(...b)',
  ]);
});

test('no list without a bound is spread over arguments', () => {
  const found = files.flatMap((path) => {
    const text = readFileSync(`${root}/${path}`, 'utf8');
    return mayHave.test(text) ? spreadsIn(path, text) : [];
  });
  expect(found.filter((spread) => !isKnown(spread))).toEqual([]);
  const stale = Object.keys(bounded).filter((start) => !found.some((spread) => spread.startsWith(start)));
  expect(stale).toEqual([]);
});
