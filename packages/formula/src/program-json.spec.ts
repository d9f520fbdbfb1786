import { ArgumentError } from '@funhash/hashing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { adjoint } from './differentiate.ts';
import { Graph } from './graph.ts';
import { Program, tracePointwise } from './program.ts';
import { argumentsOf, programFromJson, programToJson } from './program-json.ts';
import { Real } from './real.ts';
import { Word } from './word.ts';

const throughText = (program: Program): Program =>
  programFromJson(JSON.parse(JSON.stringify(programToJson(program))));

function hashedEntry(): Program {
  const graph = new Graph();
  const word = (op: 'row' | 'col' | 'uniform', slot = 0): Word => new Word(graph, graph.node(op, [], slot));
  const h = word('row').times(2654435761).xor(word('col').rotl(7)).plus(word('uniform', 1));
  const index = h.below(word('uniform', 0));
  const value = Real.from(graph, graph.node('at', [index.id], 0)).times(h.asSign());
  return new Program(graph, [value.id], [], { stored: 1, inputs: 0, uniforms: 2, scalars: 0 });
}

describe('programs as JSON', () => {
  test.each<[string, Program]>([
    [
      'a pointwise function',
      tracePointwise(2, 1, ([a, b], [s]) => [(a as Real).times(b as Real).plus(s as Real)]),
    ],
    ['a hashed entry', hashedEntry()],
    ['its adjoint, with sinks', adjoint(hashedEntry())],
    [
      'numbers that JSON lacks',
      tracePointwise(1, 0, ([a]) => [
        (a as Real).maximum(-Infinity).plus(-0),
        (a as Real).times(Number.NaN).minus(Infinity),
      ]),
    ],
  ])('%s keeps its key', (_, program) => {
    expect(throughText(program).key).toBe(program.key);
    expect(programToJson(throughText(program))).toEqual(programToJson(program));
  });

  test('any graph of any operations keeps its key', () => {
    const ops = Object.entries(argumentsOf);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat(), fc.nat()), { minLength: 1, maxLength: 40 }),
        (steps) => {
          const graph = new Graph();
          const placed: Record<'w' | 'r', number[]> = {
            w: [graph.node('row')],
            r: [graph.node('real', [], 0.1)],
          };
          for (const [choice, ...picks] of steps) {
            const [op, args] = ops[choice % ops.length] as [keyof typeof argumentsOf, string];
            const ids = [...args].map((type, k) => {
              const all = placed[type as 'w' | 'r'];
              return all[(picks[k] as number) % all.length] as number;
            });
            const id = graph.node(op, ids, op === 'group' || op === 'lane' ? 3 : 0);
            placed[graph.at(id).type === 'word' ? 'w' : 'r'].push(id);
          }
          const slots = { stored: 1, inputs: 1, uniforms: 1, scalars: 1 };
          const program = new Program(
            graph,
            [placed.r.at(-1) as number],
            [{ slot: 0, index: placed.w.at(-1) as number, value: 0 + (placed.r[0] as number) }],
            slots,
          );
          expect(throughText(program).key).toBe(program.key);
        },
      ),
      { seed: 7, numRuns: 200 },
    );
  });
});

describe('hostile programs', () => {
  const good = () => JSON.parse(JSON.stringify(programToJson(adjoint(hashedEntry()))));

  test.each<[string, (json: ReturnType<typeof good>) => unknown]>([
    ['nothing', () => null],
    ['an unknown operation', (json) => json.nodes.push(['toString', 0])],
    ['one more argument', (json) => json.nodes.push(['negate', 0, 0, 0])],
    ['a later argument', (json) => json.nodes.unshift(['negate', 0, 1])],
    ['a word for a real', (json) => json.nodes.push(['negate', 0, 0])],
    ['a slot that is not there', (json) => json.nodes.push(['uniform', 99])],
    ['a value where there is none', (json) => json.nodes.push(['row', 1])],
    ['a group of none', (json) => json.nodes.push(['group', 0, 0])],
    ['an output that is not there', (json) => json.outputs.push(1e9)],
    ['a sink into no array', (json) => json.sinks.push([5, 0, 1])],
    ['more slots than any program has', (json) => (json.slots[0] = 1e9)],
    ['too many nodes', (json) => (json.nodes = new Array(2 ** 14 + 1).fill(['row', 0]))],
  ])('%s is refused', (_, spoil) => {
    const json = good();
    expect(() => programFromJson(spoil(json) === null ? null : json)).toThrow(ArgumentError);
  });

  test('any change of any value gives a program or an ArgumentError', () => {
    const text = JSON.stringify(good());
    fc.assert(
      fc.property(
        fc.nat(),
        fc.oneof(fc.integer(), fc.string({ maxLength: 4 }), fc.jsonValue()),
        (place, value) => {
          let at = 0;
          const numbers = text.match(/-?\d+|"\w+"/g)?.length ?? 1;
          const spoilt = text.replace(/-?\d+|"\w+"/g, (old) =>
            at++ === place % numbers ? JSON.stringify(value) : old,
          );
          let json: unknown;
          try {
            json = JSON.parse(spoilt);
          } catch {
            return;
          }
          try {
            expect(programFromJson(json)).toBeInstanceOf(Program);
          } catch (error) {
            expect(error).toBeInstanceOf(ArgumentError);
          }
        },
      ),
      { seed: 3, numRuns: 500 },
    );
  });
});
