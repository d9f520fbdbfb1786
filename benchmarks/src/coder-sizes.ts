// Bytes of whole networks by our coder and by the standard's reference coder, at equal squared error.
//
//     NNCODEC=<checkout of github.com/fraunhoferhhi/nncodec> npx -y pnpm@12 --filter @funhash/benchmarks sizes <.safetensors>...
//
// Matrices of 256 values and more, each at steps of about 1, 1/2 and 1/4 of its root mean square. Ours is coded at the same steps and one below and
// above; between these, bytes are read off at the error of the reference.

import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { decodeSafetensors } from '@funhash/codec';
import { CodewordWriter, quantizeDependent, quantizeUniform, stepOf } from '@funhash/codec/coder';
import { buildReference, type ReferenceCoder } from './codec-reference.ts';

const leastValues = 256;
const parts = [1, 2, 4];
const lambdas = [0, 1];

interface Point {
  readonly bytes: number;
  readonly error: number;
}

const checkout = process.env.NNCODEC;
const files = process.argv.slice(2);
if (!checkout || files.length === 0)
  throw new Error('NNCODEC=<checkout> and the names of safetensors files are needed.');
const reference = buildReference(checkout);
try {
  console.log(
    '| network | quantised | λ | step ÷ rms | bits a weight | dB | reference, bytes | ours | ours ÷ reference |',
  );
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- |');
  for (const file of files) {
    const matrices = matricesIn(file);
    for (const dependent of [false, true])
      for (const lambda of lambdas)
        for (const part of parts) console.log(row(file, matrices, { dependent, lambda, part }));
  }
} finally {
  reference.close();
}

interface Matrix {
  readonly values: Float32Array;
  readonly width: number;
}

function matricesIn(file: string): readonly Matrix[] {
  return [...decodeSafetensors(readFileSync(file), { source: file }).tensors.values()].flatMap(
    ({ shape, data }) =>
      shape.length > 1 && data.length >= leastValues && data instanceof Float32Array
        ? [{ values: data.slice(), width: data.length / (shape[0] as number) }]
        : [],
  );
}

function row(
  file: string,
  matrices: readonly Matrix[],
  {
    dependent,
    lambda,
    part,
  }: { readonly dependent: boolean; readonly lambda: number; readonly part: number },
): string {
  let [theirs, ours, count, noise, power] = [0, 0, 0, 0, 0];
  for (const { values, width } of matrices) {
    const energy = values.reduce((sum, x) => sum + x * x, 0);
    // Two grids of twice the step: half of it for the same size.
    const wanted = Math.sqrt(energy / values.length) / part / (dependent ? 2 : 1);
    const qp = Math.round(4 * Math.log2(wanted));
    const found = reference.size(values, { width, qp, dependent, lambda } satisfies Parameters<
      ReferenceCoder['size']
    >[1]);
    theirs += found.bytes;
    ours += bytesAt(
      found.error,
      [-1, 0, 1].map((by) => point(values, width, stepOf(qp + by), dependent, lambda)),
    );
    count += values.length;
    noise += found.error / energy;
    power += 1;
  }
  const decibels = (-10 * Math.log10(noise / power)).toFixed(1);
  return `| ${nameOf(file)} | ${dependent ? 'dependent' : 'uniform'} | ${lambda} | 1/${part} | ${((8 * theirs) / count).toFixed(2)} | ${decibels} | ${theirs} | ${Math.round(ours)} | ${(ours / theirs).toFixed(4)} |`;
}

/** The folder of a run, or the file itself. */
function nameOf(file: string): string {
  return basename(file) === 'model.safetensors' ? basename(dirname(file)) : basename(file);
}

function point(values: Float32Array, width: number, step: number, dependent: boolean, lambda: number): Point {
  const shape = [values.length / width, width];
  const levels = (dependent ? quantizeDependent : quantizeUniform)(values, { step, lambda, shape });
  const writer = new CodewordWriter();
  writer.levels(levels, { dependent, shape });
  const error = values.reduce((sum, x, i) => sum + (x - step * (levels[i] as number)) ** 2, 0);
  return { bytes: writer.finish().length, error };
}

/** Bytes at an error, on the line through the two points about it: logarithm of the error against bytes. */
function bytesAt(error: number, points: readonly Point[]): number {
  const sorted = [...points].sort((a, b) => a.error - b.error);
  const above = Math.min(
    sorted.length - 1,
    Math.max(
      1,
      sorted.findIndex((each) => each.error >= error),
    ),
  );
  const [low, high] = [sorted[above - 1] as Point, sorted[above] as Point];
  const share = Math.log(error / low.error) / Math.log(high.error / low.error);
  return low.bytes + share * (high.bytes - low.bytes);
}
