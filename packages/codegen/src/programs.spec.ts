import { Program } from '@funhash/formula';
import {
  anyProgram,
  edgeNumbers,
  edgeUniforms,
  edgeWords,
  evaluateEntry,
  everyWordOperation,
  programSlots,
} from '@funhash/formula/testing';
import { random } from '@funhash/hashing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { js } from './languages/js.ts';
import { limbsInJs } from './languages/limbs-in-js.spec-kit.ts';
import { asEntryBody, asProgramText, type Entry } from './run-in-js.spec-kit.ts';

/** The program with both halves of all its words as outputs, before its own. */
function withWordsShown({ graph, nodes, outputs, sinks, slots }: Program): Program {
  const halves = nodes.flatMap(({ id, type }) => {
    if (type !== 'word') return [];
    const low = graph.node('and', [id, graph.node('word', [], 0xffff)]);
    return [graph.node('asReal', [low]), graph.node('asReal', [graph.node('shr', [id], 16)])];
  });
  return new Program(graph, [...halves, ...outputs], sinks, slots);
}

function anyEntry(seed: number): Entry {
  const draw = random(seed);
  const place = (): number =>
    draw.integer(4) === 0 ? (edgeNumbers[draw.integer(12)] as number) : draw.integer(2 ** 24);
  const word = (): number =>
    draw.integer(2) === 0 ? (edgeWords[draw.integer(18)] as number) : draw.uint32();
  const filled = (length: number): Float32Array => draw.fillUniform(new Float32Array(length), -1, 1);
  return {
    row: place(),
    col: place(),
    uniforms: [word(), word()],
    scalars: [draw.uniform()],
    stored: programSlots.storedLengths.map(filled),
    inputs: Array.from(filled(programSlots.inputs)),
  };
}

const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-5;

describe.each([js, limbsInJs])('programs in $name', (language) => {
  test('words are those of the interpreter bit for bit, reals its to rounding', () => {
    fc.assert(
      fc.property(anyProgram({ sinks: true }), fc.nat(), (anything, seed) => {
        const program = withWordsShown(anything);
        const shown = program.outputs.length - anything.outputs.length;
        const [body, text] = [asEntryBody(program, language), asProgramText(program, language)];
        for (let k = 0; k < 8; k++) {
          const entry = anyEntry(seed + k);
          const meant = evaluateEntry(program, entry);
          const found = body(entry);
          expect(found.outputs.slice(0, shown)).toEqual(meant.outputs.slice(0, shown));
          const places = ({ slot, index }: { slot: number; index: number }) => [slot, index];
          expect(found.additions.map(places)).toEqual(meant.additions.map(places));
          const split = text(entry);
          expect(split).toEqual([...found.outputs, ...found.additions.map(({ value }) => value)]);
          const values = [...meant.outputs, ...meant.additions.map(({ value }) => value)];
          // Literals are of f32: next to a jump a real may fall on its other side, in single precision as well.
          const floats = evaluateEntry(program, entry, 'f32');
          const rounded = [...floats.outputs, ...floats.additions.map(({ value }) => value)];
          expect(
            split.every((value, at) => near(value, values[at] as number)) ||
              split.every((value, at) => near(value, rounded[at] as number)),
          ).toBe(true);
        }
      }),
      { seed: 43, numRuns: 300 },
    );
  });

  test('every operation of words is exact at the ends of limbs, bytes and words', () => {
    const program = everyWordOperation();
    const run = asEntryBody(program, language);
    for (const row of edgeNumbers)
      for (const col of edgeNumbers)
        for (const uniforms of edgeUniforms) {
          const entry = { row, col, uniforms, scalars: [], stored: [], inputs: [] };
          expect(run(entry).outputs).toEqual(evaluateEntry(program, entry).outputs);
        }
  });
});
