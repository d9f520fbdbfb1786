import { levelsOf } from './levels.ts';

/** What a script needs to have values: the text that makes them, behind those of the values before. */
export interface Payload {
  /** Statements that fill `m` from an offset on. */
  readonly statements: string;
  /** Names of the functions among `decoders` that they call. */
  readonly needs: ReadonlySet<'levels' | 'floats'>;
}

// One character a code, from # on, without the backslash: nothing packs better for a compressor, nor is smaller to unpack.
const first = 35;
const backslash = 92;
const mostCharacters = 126 - first - 1;

/** Functions that the statements of payloads call. */
export const decoders = {
  /** Levels of a text, one character each: `l(text, offset, lowest level, step)`. */
  levels: `function l(t,o,a,s){for(let i=0;i<t.length;i++){const c=t.charCodeAt(i);m[o+i]=(c-${first}-(c>${backslash})+a)*s}}`,
  /** f32 in base64, from the lowest byte on: `b(text, offset)`. */
  floats: `function b(t,o){m.set(new Float32Array(Uint8Array.from(atob(t),c=>c.charCodeAt(0)).buffer),o)}`,
} as const;

/** Writes values as a text from which a script makes them, bit for bit. */
export function payloadOf(values: Float32Array, offset: number): Payload {
  const found = levelsOf(values);
  if (found) {
    const { levels, step } = found;
    const least = levels.reduce((low, level) => Math.min(low, level), 0);
    const greatest = levels.reduce((high, level) => Math.max(high, level), 0);
    if (step === 0) return { statements: '', needs: new Set() };
    if (greatest - least < mostCharacters) {
      const text = Array.from(levels, (level) => {
        const code = level - least + first;
        return String.fromCharCode(code >= backslash ? code + 1 : code);
      }).join('');
      return { statements: `l("${text}",${offset},${least},${step});`, needs: new Set(['levels']) };
    }
  }
  return { statements: `b("${base64(bytesOf(values))}",${offset});`, needs: new Set(['floats']) };
}

function bytesOf(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [k, value] of values.entries()) view.setFloat32(4 * k, value, true);
  return bytes;
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
