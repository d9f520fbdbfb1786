/** The bytes of numbers of 32 bits, the lowest first. */
export function littleEndian(values: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (let k = 0; k < values.length; k++)
    if (values instanceof Float32Array) view.setFloat32(4 * k, values[k] as number, true);
    else view.setInt32(4 * k, values[k] as number, true);
  return bytes;
}
