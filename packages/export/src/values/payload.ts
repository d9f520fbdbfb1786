import type { TypedArray } from '@funhash/tensor';
import { littleEndian } from '../bytes.ts';
import { compact } from '../text/compact.ts';
import type { Dialect } from '../text/dialect.ts';
import { codedLevels, type PlacedLevels } from './coded.ts';
import { countersOf } from './coder/decoder-text.ts';
import { type Levels, levelsOf, shortStep } from './levels.ts';

/** What a script needs to have values: the text that makes them, behind those of the values before. */
export interface Payload {
  /** Statements that fill `m`, or `n` with whole numbers, from an offset on. */
  readonly statements: string;
  /** The function among `decoders` that they call. */
  readonly needs: keyof typeof decoders | undefined;
}

// From # on, without the backslash.
const first = 35;
const backslash = 92;
const characters = 126 - first;

/** Functions that the statements of payloads call. */
export const decoders = {
  /** Codes of a text, one a character: `l(text, offset, lowest level, step)`. */
  levels: `function l(t,o,a,s){for(let i=0;i<t.length;i++){const c=t.charCodeAt(i);m[o+i]=(c-${first}-(c>${backslash})+a)*s}}`,
  /** n codes below b of a text, k a character: `g(text, offset, n, lowest level, step, b, k)`. */
  groups: `function g(t,o,n,a,s,b,k){for(let i=0;i<n;i++){const c=t.charCodeAt(i/k);m[o+i]=(((c-${first}-(c>${backslash}))/b**(i%k)|0)%b+a)*s}}`,
  /** Bytes in base64. */
  bytes: 'function b(t){return Uint8Array.from(atob(t),c=>c.charCodeAt(0)).buffer}',
} as const;

/** Writes values as a text from which a script makes them, bit for bit. */
export function payloadOf(values: TypedArray, offset: number): Payload {
  if (values.every((value) => Object.is(value, 0))) return { statements: '', needs: undefined };
  if (!(values instanceof Float32Array)) {
    const list = `[${[...values].join()}]`;
    const bytes = `new Int32Array(b("${base64(littleEndian(values))}"))`;
    return list.length <= bytes.length
      ? { statements: `n.set(${list},${offset});`, needs: undefined }
      : { statements: `n.set(${bytes},${offset});`, needs: 'bytes' };
  }
  const found = levelsOf(values);
  if (found && found.count <= characters) return levelPayload(found, offset);
  const bytes = base64(littleEndian(values));
  return { statements: `m.set(new Float32Array(b("${bytes}")),${offset});`, needs: 'bytes' };
}

function levelPayload({ levels, least, gap, count, step }: Levels, offset: number): Payload {
  let perCharacter = 1;
  while (Math.max(2, count) ** (perCharacter + 1) <= characters) perCharacter++;
  let text = '';
  for (let at = 0; at < levels.length; at += perCharacter) {
    const group = levels.subarray(at, at + perCharacter);
    const code = first + group.reduceRight((rest, level) => rest * count + (level - least) / gap, 0);
    text += String.fromCharCode(code >= backslash ? code + 1 : code);
  }
  // Halves and doubles are exact: the products are the same.
  const scale = `${least / gap},${step * gap}`;
  return perCharacter === 1
    ? { statements: `l("${text}",${offset},${scale});`, needs: 'levels' }
    : {
        statements: `g("${text}",${offset},${levels.length},${scale},${count},${perCharacter});`,
        needs: 'groups',
      };
}

/** Digits of a code, one a character. */
const textRadix = 92;

/** Stored values, and where a script puts them. */
export interface PlacedValues {
  readonly values: TypedArray;
  readonly offset: number;
}

/** Statements that fill `m` with arrays of levels from one code for all, and what they call. */
export function codedPayload(arrays: readonly PlacedLevels[], dialect: Dialect): string {
  const { coding, digits, text, loadOf } = codedLevels(
    arrays,
    dialect,
    textRadix,
    `t.charCodeAt(i) - ${first}`,
  );
  const code = digits
    .map((digit) => String.fromCharCode(first + digit))
    .join('')
    .replaceAll('\\', '\\\\');
  return [
    `const t="${code}",h=new Uint8Array(${countersOf(coding)});`,
    compact(text),
    ...arrays.map((each) =>
      loadOf(each, String(shortStep(each.found)).replace(/^0/, '')).replaceAll(' ', ''),
    ),
  ].join('\n');
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
