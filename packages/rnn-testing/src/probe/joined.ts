/** Arrays one behind the other. @param out as long as all of them */
export function joined<A extends Float64Array | Int32Array>(parts: readonly A[], out: A): A {
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Floats one behind the other. */
export const joinedFloats = (parts: readonly Float64Array[]): Float64Array =>
  joined(parts, new Float64Array(parts.reduce((sum, { length }) => sum + length, 0)));
