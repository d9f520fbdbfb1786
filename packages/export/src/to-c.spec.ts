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

const flags = [
  ...['-Wall', '-Wextra', '-Werror', '-std=c99', '-O0', '-fsanitize=address,undefined'],
  '-fno-sanitize-recover=all',
];

/** Whether a compiler is there, with the libraries of its sanitizers, which are packages of their own in some systems. */
const isThere = (compiler: string): boolean =>
  spawnSync(compiler, [...flags, '-x', 'c', '-', '-o', join(folder, `${compiler}-there`)], {
    input: 'int main(void) { return 0; }\n',
  }).status === 0;

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

test.skipIf(!isThere('gcc'))(
  'whole numbers of 16 bits give what reals give, within 0.2 % of the largest',
  async () => {
    const files = await Promise.all(
      all
        .flatMap(({ name, layer, options, input }, k) => {
          // A mask of −10⁹ leaves 16 bits nothing for scores.
          if (name === 'MultiHeadAttention 1') return [];
          const own = { ...options, storeAs: 'i8', code: k % 2 === 0 ? 'small' : 'fast' } as const;
          const whole = {
            numbers: 'integer',
            samples: input,
            values: k % 3 === 0 ? 'coded' : 'packed',
          } as const;
          return [
            [toC(layer, { ...own, name: `r${k}` }), toC(layer, { ...own, ...whole, name: `i${k}` })] as const,
          ];
        })
        .flat(),
    );
    const [source, program] = [join(folder, 'whole.c'), join(folder, 'whole')];
    const given = all.filter(({ name }) => name !== 'MultiHeadAttention 1');
    const typesOf = ({ header }: ExportedC) =>
      [...header.matchAll(/(float|int16_t|int32_t) \*/g)].map(([, type]) => type);
    const nameOf = ({ header }: ExportedC) => /(\w+)\(/.exec(header)?.[1];
    const calls = files.map((file) => {
      const [x, y] = typesOf(file);
      const [inputs, outputs] = [file.inputs, file.outputs];
      return `{ static ${x} x[${inputs}]; static ${y} y[${outputs}]; if (fread(x, sizeof *x, ${inputs}, stdin) != ${inputs}) return 1;
${nameOf(file)}(x, y); ${nameOf(file)}(x, y); for (int k = 0; k < ${outputs}; k++) { const double v = (double)y[k]; fwrite(&v, 8, 1, stdout); } }`;
    });
    writeFileSync(
      source,
      [
        '#include <stdio.h>',
        ...files.map((file) => file.source),
        'int main(void) {',
        ...calls,
        'return 0; }',
      ].join('\n'),
    );
    execFileSync('gcc', [...flags, '-o', program, source, '-lm'], { stdio: 'pipe' });
    const bytes = files.map((file, k) => {
      const { input } = given[k >> 1] as (typeof given)[number];
      const isWhole = typesOf(file)[0] === 'int16_t';
      const numbers = isWhole ? Int16Array.from(input, (x) => Math.round(x / file.inputStep)) : input;
      return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    });
    const found = execFileSync(program, { input: Buffer.concat(bytes), maxBuffer: 2 ** 24 });
    let at = found.byteOffset;
    const read = ({ outputs, outputStep }: ExportedC) => {
      const values = new Float64Array(found.buffer.slice(at, at + 8 * outputs)).map((y) => y * outputStep);
      at += 8 * outputs;
      return values;
    };
    given.forEach(({ name }, k) => {
      const [real, whole] = [read(files[2 * k] as ExportedC), read(files[2 * k + 1] as ExportedC)];
      const most = real.reduce((largest, y) => Math.max(largest, Math.abs(y)), 0);
      const apart = real.reduce((largest, y, n) => Math.max(largest, Math.abs(y - (whole[n] as number))), 0);
      expect(apart, name).toBeLessThanOrEqual(0.002 * most);
    });
  },
);

test('a net of codes, relu and pools takes no reals as whole numbers; ranges need samples', async () => {
  const net = new Sequential([
    new Conv2d({ in: 1, out: 8, kernelSize: 3, activation: 'relu', seed: 1 }),
    new MaxPool2d({ kernelSize: 2 }),
    new Flatten(),
    new Dense({ in: 200, out: 5, seed: 2 }),
  ]);
  const samples = Float32Array.from({ length: 288 }, (_, k) => Math.sin(k));
  const asked = { input: [12, 12, 1], storeAs: 'i8', numbers: 'integer' } as const;
  const { source, ramBytes, inputStep } = await toC(net, { ...asked, samples });
  expect(source).not.toMatch(/float/);
  expect([ramBytes, inputStep]).toEqual([400, 2 ** -14]);
  await expect(toC(net, asked)).rejects.toThrow('samples of 144 numbers');
  await expect(toC(net, { ...asked, samples: samples.subarray(1) })).rejects.toThrow('287 numbers');
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
