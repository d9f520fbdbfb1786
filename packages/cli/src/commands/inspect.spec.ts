import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeModel } from '@funhash/codec';
import { afterAll, expect, test } from 'vitest';
import { run } from '../run-command.spec-kit.ts';

const folder = mkdtempSync(join(tmpdir(), 'inspect-'));
afterAll(() => rmSync(folder, { recursive: true }));

// A description costs nothing: what is printed may not grow with the matrix.
test.each([
  [2 ** 31, 2 ** 31, '4 611 686 018 427 388 000'],
  [2, 2 ** 25, '67 108 864'],
  [2 ** 25, 2, '67 108 864'],
])(
  'a small file that describes a matrix [%i, %i] is inspected in part',
  async (rows, cols, count) => {
    const path = join(folder, `${rows}-${cols}.safetensors`);
    const weight = {
      kind: 'hashedNet',
      rows,
      cols,
      policy: 'tile',
      options: { buckets: 3, seed: 5, hash: 'xxHash32' },
    };
    const spec = {
      model: { type: 'dense', in: cols, out: rows, bias: false, weight },
      spaces: [],
      ties: {},
    };
    const bytes = encodeModel({
      spec,
      tensors: { 'weight.w': { shape: [3], data: Float32Array.of(1, 2, 3) } },
    });
    expect(bytes.length).toBeLessThan(1000);
    writeFileSync(path, bytes);
    const { code, lines, notes } = await run('inspect', '--model', path, '--json');
    expect([code, notes]).toEqual([0, '']);
    const { total, weights } = JSON.parse(lines);
    expect(total).toMatchObject({ virtualCount: rows * cols, storedCount: 3 });
    expect(weights[0].entries).toBe(2 ** 22);
    expect((await run('inspect', '--model', path)).lines).toContain(count);
  },
  30_000,
);
