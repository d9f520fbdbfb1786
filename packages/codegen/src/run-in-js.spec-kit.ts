import type { Program } from '@funhash/formula';
import type { evaluateEntry } from '@funhash/formula/testing';
import { entryBody } from './entry-body.ts';
import type { Language } from './language.ts';
import { definitionsOf, programText } from './program-text.ts';
import { uniformHalves } from './words.ts';

export type Entry = Required<Parameters<typeof evaluateEntry>[1]>;
export type Evaluation = Pick<ReturnType<typeof evaluateEntry>, 'outputs' | 'additions'>;

/** A program as the text of one function, evaluated as script. */
export function asEntryBody(program: Program, language: Language): (entry: Entry) => Evaluation {
  const { definitions, parameters, lines, outputs, additions } = entryBody(program, language);
  const sinks = additions.map(
    ({ slot, index, value }) => `{ slot: ${slot}, index: ${index}, value: ${value} }`,
  );
  const text = `${definitions}
    return ({ ${parameters.join(', ')} }) => {
      ${lines.join('\n')}
      return { outputs: [${outputs.join(', ')}], additions: [${sinks.join(', ')}] };
    };`;
  const run = new Function(text)();
  return (entry) => run(namedOf(entry));
}

/** A program as two functions and the lines that call them, evaluated as script. */
export function asProgramText(program: Program, language: Language): (entry: Entry) => readonly number[] {
  const text = programText(program, language);
  const lines = text.evaluate({
    row: 'row',
    col: 'col',
    uniform: (slot) => [`u${slot}l`, `u${slot}h`],
    scalar: (slot) => `scalar${slot}`,
    input: (slot) => `input${slot}`,
    stored: (slot, index) => `stored${slot}[${index}]`,
  });
  const run = new Function(`${definitionsOf(text, language)}
    return (given) => {
      with (given) {
        return (() => { ${lines.join('\n')} return [${text.results.join(', ')}]; })();
      }
    };`)();
  return (entry) => run(namedOf(entry));
}

function namedOf({ row, col, uniforms, scalars, inputs, stored }: Entry): Record<string, unknown> {
  const halves = uniforms.flatMap((word, slot) => {
    const [low, high] = uniformHalves(word);
    return [
      [`u${slot}l`, low],
      [`u${slot}h`, high],
    ] as const;
  });
  const numbered = (name: string, list: readonly unknown[]) =>
    list.map((value, slot) => [`${name}${slot}`, value] as const);
  return Object.fromEntries([
    ['row', row],
    ['col', col],
    ...halves,
    ...numbered('scalar', scalars),
    ...numbered('input', inputs),
    ...numbered('stored', stored),
  ]);
}
