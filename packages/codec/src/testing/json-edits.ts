import type { JsonValue } from '../json/json.ts';

/** A place in a JSON value: the keys and indices on the way to it. */
export type JsonPath = readonly string[];

/** Every place in a JSON value, the whole first. */
export function jsonPaths(value: JsonValue, path: JsonPath = []): JsonPath[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, member]) => jsonPaths(member, [...path, key]))];
}

/** The value at a place. */
export function jsonAt(value: JsonValue, path: JsonPath): JsonValue {
  return path.reduce(
    (member, key) => (member as { readonly [key: string]: JsonValue })[key] as JsonValue,
    value,
  );
}

/** A copy of a JSON value with one entry replaced: `edit` gives those that take its place, none, one or several. */
export function editedJson(
  value: JsonValue,
  path: JsonPath,
  edit: (key: string, value: JsonValue) => readonly (readonly [string, JsonValue])[],
): JsonValue {
  const [key, ...rest] = path;
  if (key === undefined) return edit('', value)[0]?.[1] ?? null;
  const step = (name: string, member: JsonValue): readonly (readonly [string, JsonValue])[] => {
    if (name !== key) return [[name, member]];
    return rest.length > 0 ? [[name, editedJson(member, rest, edit)]] : edit(name, member);
  };
  if (Array.isArray(value))
    return (value as readonly JsonValue[]).flatMap((member, k) =>
      step(String(k), member).map(([, item]) => item),
    );
  return Object.fromEntries(Object.entries(value as object).flatMap(([name, member]) => step(name, member)));
}
