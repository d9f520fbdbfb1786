import { Graph, Program, Real } from '@funhash/formula';
import { fallbackCounts, sizeOf } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { backendOn, type WasmBackend } from '../backend.ts';
import { createBackend } from '../create-backend.ts';
import { LinearMemory } from '../memory/linear-memory.ts';
import { enableRelaxedSimd } from '../relaxed-simd.ts';
import { Threads } from '../threads/threads.ts';
import { workers } from '../threads/workers.ts';
import { contiguous, expectSame, type Layout, runBoth, someValues, Twin } from '../twins.spec-kit.ts';

/** V = w[row·cols + col]. */
function plain(): Program {
  const graph = new Graph();
  const index = graph.node('add', [
    graph.node('mul', [graph.node('row'), graph.node('uniform')]),
    graph.node('col'),
  ]);
  const entry = Real.from(graph, graph.node('at', [index], 0));
  return new Program(graph, [entry.id], [], { stored: 1, inputs: 0, uniforms: 1, scalars: 0 });
}

interface Case {
  readonly side: number;
  readonly kernel: number;
  readonly channels: number;
  readonly rows: number;
  readonly stride?: number;
  readonly isFlipped?: boolean;
  readonly isBiased?: boolean;
}

/** A product of windows on three images [side, side, channels]; gives it as the backend has it. */
function product(
  backend: WasmBackend,
  { side, kernel, channels, rows, stride = 1, isFlipped = false, isBiased = false }: Case,
): Twin {
  const batch = 3;
  const extent = Math.floor((side - kernel) / stride) + 1;
  const [ofBatch, ofRow, ofCol] = [side * side * channels, side * channels, channels];
  const across = isFlipped ? -ofCol : ofCol;
  const x: Layout = {
    shape: [batch, extent, extent, kernel, kernel, channels],
    strides: [ofBatch, ofRow * stride, across * stride, ofRow, across, 1],
    offset: isFlipped ? (side - 1) * ofCol : 0,
  };
  const cols = sizeOf([kernel, kernel, channels]);
  const stored = [new Twin(backend, someValues(rows * cols, 1), contiguous([rows * cols]))];
  const image = new Twin(backend, someValues(batch * ofBatch, 2), x);
  const size = batch * extent * extent * rows;
  // What stands behind the results must stay.
  const out = new Twin(backend, someValues(size + 9, 3), contiguous([batch, extent, extent, rows]));
  const bias = new Twin(backend, someValues(rows, 4), contiguous([rows]));
  const v = { program: plain(), rows, cols, uniforms: [cols], scalars: [], stored };
  runBoth(backend, 'virtualMatmul', image, v, out, isBiased ? { bias } : undefined);
  return out;
}

const cases: Readonly<Record<string, Case>> = {
  'six kernels on one channel': { side: 32, kernel: 5, channels: 1, rows: 6 },
  'sixteen kernels, biased': { side: 14, kernel: 5, channels: 6, rows: 16, isBiased: true },
  'three kernels: part of a vector': { side: 10, kernel: 3, channels: 5, rows: 3, isBiased: true },
  'twenty kernels: two strips and a half': { side: 11, kernel: 4, channels: 3, rows: 20, isBiased: true },
  'thirty-two kernels, stride two': { side: 17, kernel: 3, channels: 4, rows: 32, stride: 2 },
  'thirty-three kernels: packed': { side: 9, kernel: 3, channels: 4, rows: 33, isBiased: true },
  'groups of three: packed': { side: 5, kernel: 3, channels: 4, rows: 8 },
  'many channels: packed': { side: 8, kernel: 3, channels: 300, rows: 8 },
  'mirrored images: packed': { side: 9, kernel: 3, channels: 4, rows: 8, isFlipped: true },
};

describe('products of windows with few kernels, on one thread and split', () => {
  const instructions = { madd: enableRelaxedSimd() };
  // Splits what it can, however small: shares begin in the middle of a row of windows.
  const split = backendOn(new Threads(new LinearMemory(true), workers(2), 1e-3), instructions);
  const one = createBackend();
  test.each(Object.entries(cases))('%s', (_, chosen) => {
    const result = product(one, chosen);
    expectSame(one, result, 2e-5);
    const [expected, actual] = [result, product(split, chosen)].map(({ views }, k) =>
      [one, split][k]?.host?.(views[1].buffer),
    );
    expect(actual).toEqual(expected);
  });

  test('nothing ran on the reference', () => {
    split.close();
    expect(fallbackCounts()).toEqual({});
  });
});
