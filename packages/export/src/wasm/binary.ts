import { joinArrays } from '@funhash/hashing';

/** Unsigned LEB128. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  bytes.push(rest);
  return bytes;
}

/** Signed LEB128 of 32 bits. */
export function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (; rest < -64 || rest > 63; rest >>= 7) bytes.push((rest & 127) | 128);
  bytes.push(rest & 127);
  return bytes;
}

/** The bytes of an f32. */
export const single = (value: number): number[] => [...new Uint8Array(Float32Array.of(value).buffer)];

export const types = { int: 0x7f, uint: 0x7f, long: 0x7e, float: 0x7d, lanes: 0x7b } as const;

export type Type = keyof typeof types;

/** A function of a module. */
export interface WasmFunction {
  readonly parameters: readonly Type[];
  readonly result: Type | undefined;
  /** Types of locals behind the parameters. */
  readonly locals: readonly Type[];
  readonly code: readonly number[];
}

/** What lies in memory from the start. */
export interface Segment {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** A module with a memory of its own and no imports. */
export interface WasmModule {
  readonly functions: readonly WasmFunction[];
  /** Number of the function that runs when the module is loaded. */
  readonly start: number | undefined;
  readonly exported: Readonly<Record<string, number>>;
  /** Numbers that functions assign: what they begin with. */
  readonly states: readonly number[];
  /** Exported numbers. */
  readonly globals: Readonly<Record<string, number>>;
  readonly memoryBytes: number;
  readonly segments: readonly Segment[];
}

const pageBytes = 65_536;

const text = (value: string): number[] => {
  const bytes = new TextEncoder().encode(value);
  return [...unsigned(bytes.length), ...bytes];
};

/** The bytes of a module. */
export function encodedModule(module: WasmModule): Uint8Array<ArrayBuffer> {
  const parts: (readonly number[] | Uint8Array)[] = [[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]];
  const section = (id: number, entries: readonly (readonly (readonly number[] | Uint8Array)[])[]): void => {
    if (entries.length === 0) return;
    const body = [unsigned(entries.length), ...entries.flat()];
    const length = body.reduce((sum, part) => sum + part.length, 0);
    parts.push([id, ...unsigned(length)]);
    for (const part of body) parts.push(part);
  };
  const signatureOf = ({ parameters, result }: WasmFunction): string =>
    [
      0x60,
      parameters.length,
      ...parameters.map((type) => types[type]),
      ...(result ? [1, types[result]] : [0]),
    ].join();
  const signatures = [...new Set(module.functions.map(signatureOf))];
  section(
    1,
    signatures.map((signature) => [signature.split(',').map(Number)]),
  );
  section(
    3,
    module.functions.map((each) => [unsigned(signatures.indexOf(signatureOf(each)))]),
  );
  section(5, [[[0, ...unsigned(Math.max(1, Math.ceil(module.memoryBytes / pageBytes)))]]]);
  const globals = Object.entries(module.globals);
  section(6, [
    ...module.states.map((value) => [[types.int, 1, 0x41, ...signed(value), 0x0b]]),
    ...globals.map(([, value]) => [[types.int, 0, 0x41, ...signed(value), 0x0b]]),
  ]);
  section(7, [
    [[...text('memory'), 2, 0]],
    ...globals.map(([name], k) => [[...text(name), 3, ...unsigned(module.states.length + k)]]),
    ...Object.entries(module.exported).map(([name, index]) => [[...text(name), 0, ...unsigned(index)]]),
  ]);
  if (module.start !== undefined) parts.push([8, unsigned(module.start).length, ...unsigned(module.start)]);
  section(
    10,
    module.functions.map(({ locals, code }) => {
      const runs: [number, Type][] = [];
      for (const type of locals) {
        const last = runs.at(-1);
        if (last && types[last[1]] === types[type]) last[0]++;
        else runs.push([1, type]);
      }
      const head = [
        ...unsigned(runs.length),
        ...runs.flatMap(([count, type]) => [...unsigned(count), types[type]]),
      ];
      return [[...unsigned(head.length + code.length + 1), ...head], code, [0x0b]];
    }),
  );
  section(
    11,
    module.segments.map(({ address, bytes }) => [
      [0, 0x41, ...signed(address), 0x0b, ...unsigned(bytes.length)],
      bytes,
    ]),
  );
  return joinArrays(Uint8Array, parts);
}
