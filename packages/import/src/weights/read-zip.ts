import { ImportError } from '../import-error.ts';

/** Most entries of an archive. */
const mostEntries = 200_000;

/**
 * The entries of a zip whose content is stored as it is, by name: views of `bytes`.
 *
 * @throws ImportError for damaged archives, and for compressed entries
 */
export function readStoredZip(bytes: Uint8Array): Map<string, Uint8Array> {
  const refuse = (expected: string, actual: string, byteOffset: number): never => {
    throw new ImportError({
      ...{ operation: 'importStateDict', expected, actual, byteOffset },
      remedy: 'The file is damaged, or was not written by torch.save.',
    });
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const within = (at: number, length: number): number =>
    at >= 0 && length >= 0 && at + length <= bytes.length
      ? at
      : refuse(`${length} bytes from ${at} on`, `a file of ${bytes.length}`, at);
  // The directory ends with a comment of at most 65 535 bytes.
  let end = -1;
  for (let at = bytes.length - 22; at >= 0 && at >= bytes.length - 22 - 65_535 && end < 0; at--)
    if (view.getUint32(at, true) === 0x06054b50) end = at;
  if (end < 0) return refuse('a zip archive, as torch.save writes it', 'bytes without its directory', 0);
  let [count, start] = [view.getUint16(end + 10, true), view.getUint32(end + 16, true)];
  if (count === 0xffff || start === 0xffffffff) {
    const locator = within(end - 20, 20);
    const far = wide(view, within(locator + 8, 8));
    const record = within(far, 56);
    if (view.getUint32(record, true) !== 0x06064b50) refuse('a directory of 64 bits', 'other bytes', record);
    [count, start] = [wide(view, record + 32), wide(view, record + 48)];
  }
  if (count > mostEntries) refuse(`at most ${mostEntries} entries`, `${count}`, end);
  const entries = new Map<string, Uint8Array>();
  let at = start;
  for (let k = 0; k < count; k++) {
    within(at, 46);
    if (view.getUint32(at, true) !== 0x02014b50) refuse('an entry of the directory', 'other bytes', at);
    const method = view.getUint16(at + 10, true);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) =>
      view.getUint16(at + offset, true),
    ) as [number, number, number];
    let [size, offset] = [view.getUint32(at + 20, true), view.getUint32(at + 42, true)];
    within(at + 46, nameLength + extraLength + commentLength);
    const name = new TextDecoder().decode(bytes.slice(at + 46, at + 46 + nameLength));
    let field = at + 46 + nameLength;
    const fieldsEnd = field + extraLength;
    // Sizes of 64 bits stand in an extra field, those that are needed alone.
    while (field + 4 <= fieldsEnd) {
      const [id, length] = [view.getUint16(field, true), view.getUint16(field + 2, true)];
      if (id === 1) {
        let place = field + 4;
        const next = (): number => {
          const value = wide(view, within(place, 8));
          place += 8;
          return value;
        };
        if (view.getUint32(at + 24, true) === 0xffffffff) next();
        if (size === 0xffffffff) size = next();
        if (offset === 0xffffffff) offset = next();
      }
      field += 4 + length;
    }
    within(offset, 30);
    if (view.getUint32(offset, true) !== 0x04034b50) refuse(`the entry ${name}`, 'other bytes', offset);
    if (method !== 0) refuse('entries that are stored as they are', `${name}, which is compressed`, offset);
    const content = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
    within(content, size);
    entries.set(name, bytes.subarray(content, content + size));
    at += 46 + nameLength + extraLength + commentLength;
  }
  return entries;
}

const wide = (view: DataView, at: number): number =>
  view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
