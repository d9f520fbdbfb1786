import type { Model } from '@funhash/layers';

/** All values of a model, their bits as text, to be compared. */
export function savedValuesOf(model: Model): string {
  const all = [...model.namedParameters(), ...(model.namedBuffers?.() ?? [])];
  return JSON.stringify(
    all.map(([name, { value }]) => {
      const { buffer, byteOffset, byteLength } = value.dataSync();
      return [name, Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString('base64')];
    }),
  );
}
