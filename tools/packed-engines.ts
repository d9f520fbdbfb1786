// The README's example in the engines that run servers and scripts: Node as an ES module and by `require`, Deno, Bun.

import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { x } from 'tinyexec';
import { CheckFailed } from './packed.ts';

/** Versions that are tried; they come from the registry, since nothing here is built with them. */
const others = ['deno@2', 'bun@1'];

/** Compares what two engines printed. @throws CheckFailed where they differ */
export type Compare = (expected: readonly string[], printed: readonly string[], where: string) => void;

/**
 * Runs `snippet.mjs` and `snippet.cjs` of a folder and requires the same of all engines.
 *
 * @param recorder code that collects what is printed in `lines`
 * @returns what Node printed
 */
export async function checkEngines(
  folder: string,
  recorder: string,
  requireSame: Compare,
): Promise<readonly string[]> {
  const print = `${recorder}const print = (text) => process.stdout.write(text);\n`;
  await writeFile(
    join(folder, 'node.mjs'),
    `import process from 'node:process';\n${print}await import('./snippet.mjs');\nprint(JSON.stringify(lines));\n`,
  );
  await writeFile(
    join(folder, 'node.cjs'),
    `${print}require('./snippet.cjs').done.then(() => print(JSON.stringify(lines)));\n`,
  );
  const run = (...command: readonly [string, ...string[]]) => linesOf(folder, command);

  const inNode = await run('node', 'node.mjs');
  if (inNode.length === 0)
    throw new CheckFailed('the example prints nothing, so there is nothing to compare');
  console.log(`Node ${process.version} prints\n${inNode.map((line) => `    ${line}`).join('\n')}`);
  requireSame(inNode, await run('node', 'node.cjs'), 'Node by require');
  console.log('Node by require prints the same');

  const modules = await installOthers(join(folder, 'engines'));
  const bun = (await readdir(join(modules, '@oven')).catch(() => []))[0] ?? '';
  const denoFlags = ['run', '--allow-all', '--node-modules-dir=manual', '--no-lock'];
  for (const [name, path, flags] of [
    ['Deno', join(modules, '.bin', 'deno'), denoFlags],
    // Its own script would be put in place by an install script.
    ['Bun', join(modules, '@oven', bun, 'bin', 'bun'), []],
  ] as const) {
    if (existsSync(path)) requireSame(inNode, await run(path, ...flags, 'node.mjs'), name);
    console.log(
      `${name}${existsSync(path) ? ' prints the same' : ': not checked, it does not install here'}`,
    );
  }
  return inNode;
}

/** Gives their `node_modules`; no install script is run. */
async function installOthers(folder: string): Promise<string> {
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), '{ "private": true }');
  await x('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...others], {
    nodeOptions: { cwd: folder },
  });
  return join(folder, 'node_modules');
}

async function linesOf(
  folder: string,
  [command, ...args]: readonly [string, ...string[]],
): Promise<readonly string[]> {
  const { exitCode, stdout, stderr } = await x(command, args, { nodeOptions: { cwd: folder } });
  if (exitCode !== 0)
    throw new CheckFailed(`the example by ${[command, ...args].join(' ')}:\n${stdout}${stderr}`);
  if (stderr !== '') throw new CheckFailed(`${[command, ...args].join(' ')} warns:\n${stderr}`);
  return JSON.parse(stdout) as readonly string[];
}
