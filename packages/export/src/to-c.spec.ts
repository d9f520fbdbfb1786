import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Conv2d, Dense, Flatten, hashedNet, MaxPool2d, Sequential } from '@funhash/layers';
import { afterAll, describe, expect, test } from 'vitest';
import { difference, samples } from './samples.spec-kit.ts';
import { type ExportedC, toC } from './to-c.ts';

const folder = mkdtempSync(join(tmpdir(), 'to-c-'));
afterAll(() => rmSync(folder, { recursive: true }));

const all = await samples();
const exported = await Promise.all(
  all.map(({ layer, options }, k) => toC(layer, { ...options, name: `p${k}` })),
);
/** The same of rounded values: those of even numbers packed, those behind them of the same layer coded. */
const rounded = await Promise.all(
  all.flatMap(({ layer, options }, k) =>
    [{ values: 'packed' } as const, { values: 'coded', code: 'small' } as const].map((own, j) =>
      toC(layer, { ...options, ...own, storeAs: 'i4', name: `q${2 * k + j}` }),
    ),
  ),
);

const isThere = (compiler: string): boolean => spawnSync(compiler, ['--version']).status === 0;

/** A program that reads inputs and writes outputs, network by network, each of them twice. */
const mainOf = (files: readonly ExportedC[], letter: string): string =>
  [
    '#include <stdio.h>',
    ...files.map(({ source }) => source),
    'int main(void) {',
    ...files.flatMap(({ inputs, outputs, header }, k) => {
      const [x, y] = [...header.matchAll(/(float|int32_t) \*/g)].map(([, type]) => type);
      return [
        `{ static ${x} x[${inputs}]; static ${y} y[${outputs}];`,
        `if (fread(x, 4, ${inputs}, stdin) != ${inputs}) return 1;`,
        `${letter}${k}(x, y); ${letter}${k}(x, y); fwrite(y, 4, ${outputs}, stdout); }`,
      ];
    }),
    'return 0; }',
  ].join('\n');

const flags = [
  ...['-Wall', '-Wextra', '-Werror', '-std=c99', '-O0', '-fsanitize=address,undefined'],
  '-fno-sanitize-recover=all',
];

describe.each(['gcc', 'clang'])('every layer and every scheme as C, by %s', (compiler) => {
  test.skipIf(!isThere(compiler))('gives what the library gives', () => {
    const [source, program] = [join(folder, 'all.c'), join(folder, compiler)];
    writeFileSync(source, mainOf(exported, 'p'));
    execFileSync(compiler, [...flags, '-o', program, source, '-lm'], { stdio: 'pipe' });
    const bytes = Buffer.concat(
      all.map(({ input }) => Buffer.from(input.buffer, input.byteOffset, input.byteLength)),
    );
    const found = execFileSync(program, { input: bytes, maxBuffer: 2 ** 24 });
    let at = 0;
    for (const [k, { name, expected }] of all.entries()) {
      const { outputs, header } = exported[k] as (typeof exported)[number];
      const part = found.buffer.slice(found.byteOffset + at, found.byteOffset + at + 4 * outputs);
      at += 4 * outputs;
      const isWhole = header.includes('int32_t *y');
      const y = isWhole ? new Int32Array(part) : new Float32Array(part);
      expect(difference(y, expected), name).toBeLessThan(1e-5);
    }
  });
});

test.skipIf(!isThere('gcc'))('coded matrices, decoded row by row, give what packed ones give', () => {
  const [source, program] = [join(folder, 'rounded.c'), join(folder, 'rounded')];
  writeFileSync(source, mainOf(rounded, 'q'));
  execFileSync('gcc', [...flags, '-o', program, source, '-lm'], { stdio: 'pipe' });
  const bytes = Buffer.concat(
    all.flatMap(({ input }) => {
      const own = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
      return [own, own];
    }),
  );
  const found = execFileSync(program, { input: bytes, maxBuffer: 2 ** 24 });
  let at = 0;
  for (const [k, { name }] of all.entries()) {
    const { outputs, header } = rounded[2 * k] as ExportedC;
    const [packed, coded] = [0, 1].map(() => {
      const part = found.buffer.slice(found.byteOffset + at, found.byteOffset + at + 4 * outputs);
      at += 4 * outputs;
      return header.includes('int32_t *y') ? new Int32Array(part) : new Float32Array(part);
    }) as [Float32Array, Float32Array];
    expect(difference(coded, packed), name).toBeLessThan(1e-5);
  }
  const streamed = rounded.filter(({ source }) => /_next\(q, /.test(source)).length;
  expect(streamed).toBeGreaterThan(5);
});

test('memory is what is between the layers; a matrix that is hashed is nowhere', async () => {
  const net = new Sequential([
    new Conv2d({ in: 1, out: 6, kernelSize: 5, activation: 'relu', seed: 1 }),
    new MaxPool2d({ kernelSize: 2 }),
    new Conv2d({
      in: 6,
      out: 10,
      kernelSize: 5,
      activation: 'relu',
      weight: hashedNet({ ratio: 1 / 4 }),
      seed: 2,
    }),
    new MaxPool2d({ kernelSize: 2 }),
    new Flatten(),
    new Dense({ in: 160, out: 16, seed: 3 }),
  ]);
  const { ramBytes, constantBytes, source } = await toC(net, { input: [28, 28, 1], storeAs: 'i6' });
  // 12 × 12 × 6 and 4 × 4 × 10 numbers.
  expect(ramBytes).toBe(4 * (864 + 160));
  // Codes of 6 bits with a byte behind each array, 16 biases of 4 bytes, and 16 of 0 in one bit each.
  const packed = [150, 375, 2560].map((count) => Math.ceil((count * 6) / 8) + 1);
  expect(constantBytes).toBe(packed.reduce((sum, bytes) => sum + bytes) + 4 * 16 + 3);
  expect(source).not.toContain('malloc');
});
