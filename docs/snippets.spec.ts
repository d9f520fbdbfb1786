import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { format } from 'node:util';
import { useBackend } from '@funhash/layers';
import ts from 'typescript';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';

// Every ```ts block of README.md, of each package's and of docs/**/*.md is a program: its types are checked, it runs in an empty folder, and
// a ```text block right after it is what it prints. ```ts types-only marks programs that need more than an empty folder,
// ```ts no-run fragments.

const docs = fileURLToPath(new URL('.', import.meta.url));
const root = join(docs, '..');

interface Snippet {
  /** Page and line of the block. */
  readonly place: string;
  readonly code: string;
  readonly isRun: boolean;
  readonly output: string | undefined;
  /** The module that it becomes. */
  readonly file: string;
}

const pages = [
  'README.md',
  ...readdirSync(docs, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md') && !path.includes('node_modules'))
    .map((path) => join('docs', path)),
  ...readdirSync(join(root, 'packages')).map((name) => join('packages', name, 'README.md')),
];
const snippets = pages.flatMap(snippetsIn);

function snippetsIn(page: string): Snippet[] {
  const text = readFileSync(join(root, page), 'utf8');
  const blocks = text.matchAll(/^```ts( types-only)?\n(.*?)^```$(?:\s*^```text\n(.*?)^```$)?/gms);
  return Array.from(blocks, ({ 1: mark, 2: code = '', 3: output, index }) => {
    const line = text.slice(0, index).split('\n').length;
    return {
      place: `${page}:${line}`,
      code,
      isRun: !mark,
      output,
      file: `${page.replaceAll(/\W+/g, '-')}-${line}.ts`,
    };
  });
}

const home = process.cwd();
// Modules lie inside docs/, where their imports resolve; what they write goes elsewhere.
let modules = '';
let written = '';

beforeAll(() => {
  modules = mkdtempSync(join(docs, '.snippets-'));
  written = mkdtempSync(join(tmpdir(), 'funhash-docs-'));
  for (const { file, code } of snippets) writeFileSync(join(modules, file), `${code}export {};\n`);
  process.chdir(written);
});

afterAll(() => {
  process.chdir(home);
  for (const path of [modules, written]) rmSync(path, { recursive: true });
});

afterEach(async () => {
  await useBackend('reference');
});

describe('prints what the page says', () => {
  test.each(snippets.filter(({ isRun }) => isRun))('$place', async ({ file, output }) => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    try {
      await import(pathToFileURL(join(modules, file)).href);
      const lines = log.mock.calls.map((values) => format(...values));
      if (output !== undefined) expect(`${lines.join('\n')}\n`).toBe(output);
    } finally {
      log.mockRestore();
    }
  });
});

test('types are right', () => {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const pathOf = ({ file }: Snippet): string => join(modules, file);
  const program = ts.createProgram(snippets.map(pathOf), { ...options, noUnusedLocals: false });
  const faults = snippets.flatMap((snippet) => {
    const file = program.getSourceFile(pathOf(snippet));
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
      ({ messageText }) => `${snippet.place}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    );
  });
  expect(faults).toEqual([]);
});
