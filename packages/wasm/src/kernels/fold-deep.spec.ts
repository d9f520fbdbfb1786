import { adjoint, Graph, Program, Real } from '@funhash/formula';
import { fallbackCounts, sizeOf, type View } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import type { WasmBackend } from '../backend.ts';
import { createBackend } from '../create-backend.ts';
import { contiguous, expectSame, type Layout, runBoth, someValues, Twin } from '../twins.spec-kit.ts';

const backend = createBackend();

/** V = w[row·cols + col], whose fold adds runs along columns; or its transpose, with runs along rows. */
function plain(byColumns: boolean): Program {
  const graph = new Graph();
  const [row, col] = [graph.node('row'), graph.node('col')];
  const extent = graph.node('uniform');
  const index = byColumns
    ? graph.node('add', [graph.node('mul', [col, extent]), row])
    : graph.node('add', [graph.node('mul', [row, extent]), col]);
  const entry = Real.from(graph, graph.node('at', [index], 0));
  return new Program(graph, [entry.id], [], { stored: 1, inputs: 0, uniforms: 1, scalars: 0 });
}

/** Windows on an image [batch, side, side, channels]. */
function windows(batch: number, side: number, kernel: number, channels: number): Layout {
  const out = side - kernel + 1;
  const [ofBatch, ofRow, ofCol] = [side * side * channels, side * channels, channels];
  return {
    shape: [batch, out, out, kernel, kernel, channels],
    strides: [ofBatch, ofRow, ofCol, ofRow, ofCol, 1],
    offset: 0,
  };
}

function fold(x: Layout, imageSize: number, rows: number, byColumns: boolean, tested: WasmBackend): Twin {
  const lead = x.shape.slice(0, -3);
  const cols = sizeOf(x.shape.slice(-3));
  const program = plain(byColumns);
  const stored = new Twin(tested, someValues(rows * cols, 1), contiguous([rows * cols]));
  const out = new Twin(tested, someValues(rows * cols, 2), contiguous([rows * cols]));
  const dY = new Twin(tested, someValues(sizeOf(lead) * rows, 3), contiguous([...lead, rows]));
  const image = new Twin(tested, someValues(imageSize, 4), x);
  const uniforms = [byColumns ? rows : cols];
  const v = { program, rows, cols, uniforms, scalars: [], stored: [stored] };
  runBoth(tested, 'virtualFold', dY, image, v, adjoint(program), [out]);
  return out;
}

describe('folds over many rows', () => {
  // More steps and more lanes than are summed at a time, in either order; rows of several panels, the last not full.
  test.each([
    [7, 2, 3, 130, 530, false],
    [7, 2, 3, 130, 530, true],
    [25, 3, 2, 5, 7, false],
    [25, 3, 2, 5, 7, true],
    // Few rows, from windows as they lie: of whole and parts of vectors, tiles of one size and of two, several blocks.
    [40, 9, 5, 1, 6, false],
    [40, 9, 5, 1, 6, true],
    [20, 9, 5, 6, 16, false],
    [20, 9, 3, 7, 20, true],
    [9, 3, 4, 2, 3, true],
    // Packed again.
    [9, 3, 3, 4, 65, false],
  ])(
    'windows on %i × side %i + 4: kernel %i, %i channels, %i rows, byColumns %s',
    (batch, more, kernel, channels, rows, byColumns) => {
      const side = more + 4;
      const x = windows(batch, side, kernel, channels);
      expectSame(backend, fold(x, batch * side * side * channels, rows, byColumns, backend), 2e-5);
    },
  );

  test('of a matrix with more rows than are packed at a time', () => {
    const [batch, rows, cols] = [2500, 9, 12];
    const program = plain(false);
    const stored = new Twin(backend, someValues(rows * cols, 1), contiguous([rows * cols]));
    const out = new Twin(backend, new Float32Array(rows * cols), contiguous([rows * cols]));
    const [dY, x] = [rows, cols].map(
      (width, k) => new Twin(backend, someValues(batch * width, 3 + k), contiguous([batch, width])),
    ) as [Twin, Twin];
    const v = { program, rows, cols, uniforms: [cols], scalars: [], stored: [stored] };
    runBoth(backend, 'virtualFold', dY, x, v, adjoint(program), [out]);
    expectSame(backend, out, 2e-5);
  });
});

test('a convolution and its gradient take memory for panels and a table of rows, never for its windows', () => {
  const [batch, side, kernel, channels, rows] = [64, 32, 5, 8, 8];
  const own = createBackend();
  const program = plain(false);
  const cols = kernel * kernel * channels;
  const make = (layout: Layout, length: number): View => {
    const buffer = own.allocate('f32', length);
    own.upload(buffer, someValues(length));
    return { buffer, dtype: 'f32', ...layout };
  };
  const x = make(windows(batch, side, kernel, channels), batch * side * side * channels);
  const lead = x.shape.slice(0, 3);
  const y = make(contiguous([...lead, rows]), sizeOf(lead) * rows);
  const stored = make(contiguous([rows * cols]), rows * cols);
  const gradient = make(contiguous([rows * cols]), rows * cols);
  const v = { program, rows, cols, uniforms: [cols], scalars: [], stored: [stored] };
  const before = own.memoryUsage().usedBytes;
  own.kernels.virtualMatmul?.(x, v, y);
  own.kernels.virtualFold?.(y, x, v, adjoint(program), [gradient]);
  const { usedBytes, peakBytes } = own.memoryUsage();
  // What compiled code keeps for its operands stays.
  expect(usedBytes - before).toBeLessThan(2 ** 16);
  expect(peakBytes - before).toBeLessThan(2 ** 20 + sizeOf(lead) * 4);
  expect(sizeOf(x.shape) * 4).toBeGreaterThan(2 ** 25);
});

test('nothing ran on the reference', () => {
  expect(fallbackCounts()).toEqual({});
});
