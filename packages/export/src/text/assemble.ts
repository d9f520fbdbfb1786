import type { NetworkBuffer } from '../network.ts';
import { type Operation, viewsOf } from '../operations.ts';
import type { Dialect } from './dialect.ts';
import { Functions, KernelText, type Place } from './kernel-text.ts';
import { kernelTexts } from './kernels.ts';

/** Operations as text: functions, and bodies of statements that call them. */
export interface Assembled {
  readonly functions: string;
  readonly bodies: readonly string[];
}

/** How a text hands the places of buffers to a function that several calls share. */
export interface Sharing {
  /** Tells apart what cannot be one parameter: arrays of other elements. */
  kindOf(place: Place): string;
  parameter(name: string, place: Place, isWritten: boolean): string;
  argument(place: Place, first: number): string;
  /** The place of an element in such a function: `relative` behind the first. */
  inside(name: string, place: Place, relative: number): { readonly array: string; readonly offset: string };
}

interface Call {
  readonly text: string;
  readonly buffers: readonly number[];
  readonly first: ReadonlyMap<number, number>;
  readonly written: ReadonlySet<number>;
  readonly key: string;
}

/**
 * Writes lists of operations. Calls whose texts differ by the places of their operands alone share one function.
 */
export function assembled(
  lists: readonly (readonly Operation[])[],
  buffers: readonly NetworkBuffer[],
  place: (buffer: number) => Place,
  dialect: Dialect,
  sharing: Sharing,
): Assembled {
  const functions = new Functions(dialect, place);
  const calls = lists.map((list) =>
    list.map((operation): Call => {
      const { reads, writes } = viewsOf(operation);
      const text = new KernelText(dialect, functions, buffers, place, [...reads, ...writes]);
      const write = kernelTexts[operation.kind] as (text: KernelText, operation: Operation) => string;
      const written = write(text, operation);
      const body = dialect.shares ? written.replace(offsets, apart) : written;
      return callOf(body, text.first, new Set(writes.map(({ buffer }) => buffer)), place, sharing);
    }),
  );
  const groups = new Map<string, Call[]>();
  for (const call of calls.flat()) {
    const key = dialect.shares ? skeletonOf(call.key) : call.key;
    groups.set(key, [...(groups.get(key) ?? []), call]);
  }
  const shared: string[] = [];
  const made = new Map<Call, string>();
  for (const group of groups.values()) {
    if (group.length < 2) continue;
    const name = `g${shared.length}`;
    const [first] = group as [Call, ...Call[]];
    const varying = varyingOf(group);
    shared.push(functionOf(name, first, varying, place, dialect, sharing));
    group.forEach((call, k) => {
      const places = call.buffers.map((buffer) =>
        sharing.argument(place(buffer), call.first.get(buffer) as number),
      );
      made.set(call, `${name}(${[...places, ...varying.map(({ values }) => values[k])].join(', ')});`);
    });
  }
  const bodies = calls.map((list) =>
    list.map((call) => made.get(call) ?? `{\n${inlined(call, place)}\n}`).join('\n'),
  );
  return { functions: [functions.text, ...shared].filter((text) => text !== '').join('\n'), bodies };
}

/** Numbers of a text: whole ones, and decimals, which are reals. Those of tokens and names are none. */
const numbers = /⟦[^⟧]*⟧|⟨[^⟩]*⟩|(?<![\w.])(\d+\.\d*(?:e[-+]?\d+)?f?|\d+)(?![\w.])/g;

/** A text without its numbers but 0: calls of one skeleton are one function of them, and a loop over one of them is not empty. */
const skeletonOf = (text: string): string =>
  text.replace(numbers, (token, number?: string) =>
    number === undefined || number === '0' ? token : number.includes('.') ? '#.' : '#',
  );

/** What calls of one skeleton differ by: numbers at places of their texts, as parameters. */
interface Varying {
  readonly name: string;
  readonly type: 'integer' | 'real';
  /** Places among the numbers of the text. */
  readonly at: readonly number[];
  /** The number of each call. */
  readonly values: readonly string[];
}

function varyingOf(group: readonly Call[]): readonly Varying[] {
  const lists = group.map(({ text }) =>
    [...text.matchAll(numbers)].flatMap(([, number]) => (number === undefined ? [] : [number])),
  );
  const found = new Map<string, number[]>();
  lists[0]?.forEach((first, at) => {
    const values = lists.map((list) => list[at] as string);
    if (values.every((value) => value === first)) return;
    const key = values.join();
    found.set(key, [...(found.get(key) ?? []), at]);
  });
  return [...found].map(([key, at], k) => {
    const values = key.split(',');
    return { name: `a${k}`, type: values[0]?.includes('.') ? 'real' : 'integer', at, values };
  });
}

/** A place as its buffer's and a number beside it. */
const apart = (token: string, buffer: string, relative: string): string =>
  relative === '0' ? token : `⟦${buffer}:0⟧ + ${relative}`;

const offsets = /⟦(\d+):(\d+)⟧/g;
const arrays = /⟨(\d+)⟩/g;

function callOf(
  text: string,
  first: ReadonlyMap<number, number>,
  written: ReadonlySet<number>,
  place: (buffer: number) => Place,
  sharing: Sharing,
): Call {
  const buffers = [...new Set([...text.matchAll(offsets)].map(([, buffer]) => Number(buffer)))];
  const number = (buffer: string): number => buffers.indexOf(Number(buffer));
  const key = [
    text
      .replace(offsets, (_, buffer: string, relative: string) => `⟦${number(buffer)}:${relative}⟧`)
      .replace(arrays, (_, buffer: string) => `⟨${number(buffer)}⟩`),
    ...buffers.map((buffer) => {
      const { array, isShared } = place(buffer);
      return `${isShared ? array : sharing.kindOf(place(buffer))} ${written.has(buffer)}`;
    }),
  ].join('|');
  return { text, buffers, first, written, key };
}

function inlined({ text, first }: Call, place: (buffer: number) => Place): string {
  return text
    .replace(offsets, (_, buffer: string, relative: string) =>
      String(place(Number(buffer)).offset + (first.get(Number(buffer)) as number) + Number(relative)),
    )
    .replace(arrays, (_, buffer: string) => place(Number(buffer)).array);
}

function functionOf(
  name: string,
  { text, buffers, written }: Call,
  varying: readonly Varying[],
  place: (buffer: number) => Place,
  dialect: Dialect,
  sharing: Sharing,
): string {
  const own = (buffer: number): string => `p${buffers.indexOf(buffer)}`;
  const inside = (buffer: string, relative: string) =>
    sharing.inside(own(Number(buffer)), place(Number(buffer)), Number(relative));
  const names = new Map(varying.flatMap(({ name, at }) => at.map((each) => [each, name] as const)));
  let at = 0;
  const body = text
    .replace(numbers, (token, number?: string) => (number === undefined ? token : (names.get(at++) ?? token)))
    .replace(offsets, (_, buffer: string, relative: string) => inside(buffer, relative).offset)
    .replace(arrays, (_, buffer: string) => inside(buffer, '0').array);
  const parameters = [
    ...buffers.map((buffer) => sharing.parameter(own(buffer), place(buffer), written.has(buffer))),
    ...varying.map(({ name, type }) => dialect.parameter(name, type)),
  ];
  return dialect.define(name, parameters, body, 'nothing');
}
