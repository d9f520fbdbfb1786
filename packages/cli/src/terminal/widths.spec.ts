import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import xterm from '@xterm/headless';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exitCodes } from '../main.ts';
import { run, runAt } from '../run-command.spec-kit.ts';
import { writeTinyImages } from '../tiny-images.spec-kit.ts';
import { grouped, percent } from './output.ts';
import { widthOf } from './wrap.ts';

let root: string;
let data: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fh-'));
  data = join(root, 'tiny');
  await writeTinyImages(data, 400, 100);
});
afterAll(() => rm(root, { recursive: true }));

const widths = [52, 80, 200];
const small = ['--hidden', '16', '--batch-size', '20', '--backend', 'reference', '--validation', '60'];
const commands = [
  'train',
  'compare',
  'compress',
  'binarize',
  'eval',
  'predict',
  'inspect',
  'runs',
  'schemes',
];

/** Lines that are too wide, but those of one word: a path stays whole. */
const tooWide = (text: string, columns: number): string[] =>
  text
    .split('\n')
    .filter((line) => widthOf(line.replace(/\p{Cc}\[\d+m/gu, '')) > columns && /\S\s+\S/.test(line));

const oneLine = (text: string): string => text.replace(/\s+/g, ' ');

describe.each(widths)('in %i columns', (columns) => {
  test('help fits, and is wrapped once', async () => {
    for (const command of [[], ...commands.map((name) => [name])]) {
      const { code, lines } = await runAt(columns, ...command, '--help');
      expect(code).toBe(exitCodes.ok);
      expect(tooWide(lines, columns)).toEqual([]);
      expect(oneLine(lines)).not.toMatch(/\(default: [^()]*\) \(default/);
    }
  });

  test('tables and sentences fit, and keep their numbers', async () => {
    const folder = join(root, `trained-${columns}`);
    const trained = await runAt(columns, 'train', '--data', data, ...small, '--epochs', '2', '--out', folder);
    expect(trained, trained.notes).toMatchObject({ code: exitCodes.ok });
    const { testError, storedCount, fileBytes } = JSON.parse(
      await readFile(join(folder, 'summary.json'), 'utf8'),
    );
    expect(oneLine(trained.lines)).toContain(
      `test error ${percent([testError])} % with ${grouped(storedCount)} stored values`,
    );
    expect(oneLine(trained.lines)).toContain(`the file of ${grouped(fileBytes)} bytes`);
    const model = join(folder, 'model.safetensors');
    const input = join(data, 't10k-images-idx3-ubyte');
    const printed = [
      trained,
      await runAt(columns, 'inspect', model),
      await runAt(columns, 'predict', model, '--input', input),
      await runAt(columns, 'runs', folder),
      await runAt(columns, 'eval', model, '--data', data),
      await runAt(columns, 'schemes'),
    ];
    for (const { code, lines, notes } of printed) {
      expect(code).toBe(exitCodes.ok);
      expect(tooWide(`${lines}\n${notes}`, columns)).toEqual([]);
    }
    expect(printed[1]?.lines).toContain(grouped(storedCount));
    expect(oneLine(printed[3]?.lines ?? '')).toContain(percent([testError]));
  });
});

const tsx = ['--conditions=@funhash/source', '--import', import.meta.resolve('tsx')];
const bin = fileURLToPath(new URL('../bin.ts', import.meta.url));
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** What stands on a terminal, scrolled away or not, when a command has ended; a line that the terminal broke begins with `↩`. */
async function onTerminal(columns: number, args: readonly string[]): Promise<string[]> {
  const command = [process.execPath, ...tsx, bin, ...args].map(quoted).join(' ');
  const child = spawn('script', ['-qec', `stty cols ${columns} rows 12; ${command}`, '/dev/null'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, COLUMNS: '', TERM: 'xterm-256color' },
  });
  const screen = new xterm.Terminal({ cols: columns, rows: 12, scrollback: 2000, allowProposedApi: true });
  child.stdout.on('data', (chunk: Buffer) => screen.write(new Uint8Array(chunk)));
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
  await new Promise<void>((resolve) => screen.write('', resolve));
  const { active } = screen.buffer;
  return Array.from({ length: active.length }, (_, k) => {
    const line = active.getLine(k);
    return `${line?.isWrapped ? '↩' : ''}${line?.translateToString(true) ?? ''}`;
  });
}

// Progress is redrawn on terminals alone: `script` of util-linux makes one.
describe.skipIf(!existsSync('/usr/bin/script')).each([52, 80])('on a terminal of %i columns', (columns) => {
  test('nothing that was finished is overwritten, and no line is broken by the terminal', async () => {
    const folder = join(root, `live-${columns}`);
    const args = ['train', '--data', data, ...small, '--epochs', '4', '--out', folder];
    const lines = await onTerminal(columns, args);
    expect(lines.filter((line) => line.startsWith('↩'))).toEqual([]);
    const text = oneLine(lines.join(' '));
    const epochs = (await readFile(join(folder, 'metrics.jsonl'), 'utf8')).trim().split('\n');
    for (const line of epochs) {
      const { epoch, loss, validation } = JSON.parse(line);
      expect(text).toContain(
        `dense: epoch ${epoch}/4: loss ${loss.toFixed(4)}, validation error ${percent([validation.errorRate])} %,`,
      );
    }
    expect(text).toMatch(/dense: \d[\d.]* m?s in all/);
    expect(text).toMatch(/test error \d+\.\d\d % with/);
    // No bar is left behind.
    expect(text).not.toMatch(/[█░]/);
  }, 60_000);
});

test('JSON is never broken, however narrow', async () => {
  const listed = await runAt(30, 'schemes', '--json');
  expect(listed.lines).toBe((await run('schemes', '--json')).lines);
});
