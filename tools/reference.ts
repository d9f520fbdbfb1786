// Pages of docs/reference: every export of every package by the first sentence of its docstring, and every option.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../', import.meta.url));
const packages = join(root, 'packages');

/** Packages without a page: the command has its help, and the umbrella exports what others do. */
const without = new Set(['cli', 'funhash']);

/** An entry of a package as it is imported, and its source. */
interface Entry {
  readonly name: string;
  readonly file: string;
}

interface Exported {
  readonly name: string;
  readonly symbol: ts.Symbol;
  /** Folder of the package that declares it. */
  readonly from: string;
}

/** The text of each page by its file name. */
export function referencePages(): ReadonlyMap<string, string> {
  const folders = readdirSync(packages).filter((folder) => !without.has(folder));
  const entries = new Map(folders.map((folder) => [folder, entriesOf(folder)] as const));
  const files = [...entries.values()].flat().map(({ file }) => file);
  const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const program = ts.createProgram(files, options);
  const checker = program.getTypeChecker();
  return new Map(
    folders.map((folder) => [`${folder}.md`, page(folder, entries.get(folder) ?? [], program, checker)]),
  );
}

function entriesOf(folder: string): readonly Entry[] {
  const { name, exports } = JSON.parse(readFileSync(join(packages, folder, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
  return Object.entries(exports).map(([entry, conditions]) => ({
    name: join(name, entry),
    file: join(packages, folder, conditions['@funhash/source'] as string),
  }));
}

function page(
  folder: string,
  entries: readonly Entry[],
  program: ts.Program,
  checker: ts.TypeChecker,
): string {
  const sections = entries.map(({ name, file }) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file) as ts.SourceFile);
    const exported = checker
      .getExportsOfModule(module as ts.Symbol)
      .map((symbol) => resolved(symbol, checker))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const own = exported.filter(({ from }) => from === folder);
    const values = own.filter(({ symbol }) => symbol.flags & ts.SymbolFlags.Value);
    const types = own.filter(({ symbol }) => !(symbol.flags & ts.SymbolFlags.Value));
    return [
      `## ${name}\n`,
      ...values.map((value) => valueText(value, checker)),
      ...(types.length > 0 ? ['\nTypes:\n'] : []),
      ...types.map((type) => line(type.name, sentence(type.symbol, checker))),
      ...reexports(folder, exported),
    ].join('\n');
  });
  return `# ${entries[0]?.name}: reference

Written from the sources by \`UPDATE_TABLES=1 npx vitest run --project all tools/reference.spec.ts\`.

${sections.join('\n\n')}
`;
}

function resolved(symbol: ts.Symbol, checker: ts.TypeChecker): Exported {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const file = target.declarations?.[0]?.getSourceFile().fileName ?? '';
  return { name: symbol.name, symbol: target, from: /packages\/([^/]+)\/src\//.exec(file)?.[1] ?? '' };
}

function reexports(folder: string, exported: readonly Exported[]): readonly string[] {
  const others = new Map<string, string[]>();
  for (const { name, from } of exported)
    if (from !== folder) others.set(from, [...(others.get(from) ?? []), `\`${name}\``]);
  return [...others].map(([from, names]) => `\nFrom [@funhash/${from}](${from}.md): ${names.join(', ')}`);
}

function valueText({ name, symbol }: Exported, checker: ts.TypeChecker): string {
  const type = checker.getTypeOfSymbol(symbol);
  const calls = [...type.getConstructSignatures(), ...type.getCallSignatures()].slice(0, 1);
  const options = new Map(calls.flatMap((call) => optionsOf(call, checker)));
  return [
    line(name, sentence(symbol, checker)),
    ...[...options].map(([option, text]) => `  ${line(option, text)}`),
  ].join('\n');
}

/** The members of objects that a function or a class takes, where they are plain options. */
function optionsOf(call: ts.Signature, checker: ts.TypeChecker): readonly (readonly [string, string])[] {
  return call.getParameters().flatMap((parameter) => {
    const type = checker.getNonNullableType(checker.getTypeOfSymbol(parameter));
    if (!/(options|config)/i.test(parameter.name + checker.typeToString(type))) return [];
    return checker
      .getPropertiesOfType(type)
      .filter(({ declarations }) =>
        /packages\/[^/]+\/src\//.test(declarations?.[0]?.getSourceFile().fileName ?? ''),
      )
      .map((option) => [option.name, sentence(option, checker)] as const);
  });
}

function line(name: string, text: string): string {
  return text === '' ? `- \`${name}\`` : `- \`${name}\`: ${text}`;
}

/** The first sentence of a docstring, on one line. */
function sentence(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  const text = ts.displayPartsToString(symbol.getDocumentationComment(checker)).replaceAll(/\s+/g, ' ');
  return (/^.*?[.](?=\s+[A-Z]|\s*$)/.exec(text)?.[0] ?? text).trim();
}
