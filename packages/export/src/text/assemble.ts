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
      const body = write(text, operation);
      return callOf(body, text.first, new Set(writes.map(({ buffer }) => buffer)), place, sharing);
    }),
  );
  const counts = new Map<string, number>();
  for (const { key } of calls.flat()) counts.set(key, (counts.get(key) ?? 0) + 1);
  const names = new Map<string, string>();
  const shared: string[] = [];
  const bodies = calls.map((list) =>
    list
      .map((call) => {
        if ((counts.get(call.key) as number) < 2) return `{\n${inlined(call, place)}\n}`;
        let name = names.get(call.key);
        if (name === undefined) {
          name = `g${names.size}`;
          names.set(call.key, name);
          shared.push(functionOf(name, call, place, dialect, sharing));
        }
        const values = call.buffers.map((buffer) =>
          sharing.argument(place(buffer), call.first.get(buffer) as number),
        );
        return `${name}(${values.join(', ')});`;
      })
      .join('\n'),
  );
  return { functions: [functions.text, ...shared].filter((text) => text !== '').join('\n'), bodies };
}

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
  place: (buffer: number) => Place,
  dialect: Dialect,
  sharing: Sharing,
): string {
  const own = (buffer: number): string => `p${buffers.indexOf(buffer)}`;
  const inside = (buffer: string, relative: string) =>
    sharing.inside(own(Number(buffer)), place(Number(buffer)), Number(relative));
  const body = text
    .replace(offsets, (_, buffer: string, relative: string) => inside(buffer, relative).offset)
    .replace(arrays, (_, buffer: string) => inside(buffer, '0').array);
  const parameters = buffers.map((buffer) =>
    sharing.parameter(own(buffer), place(buffer), written.has(buffer)),
  );
  return dialect.define(name, parameters, body, 'nothing');
}
