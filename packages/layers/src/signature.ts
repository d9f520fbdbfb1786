import { checkOptions, type OptionsOf, option } from '@funhash/hashing';

const isExtent = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) < 2 ** 32;

/** Most axes of an input. */
const mostAxes = 16;

/** Most characters of a transformation. */
const mostTransformation = 2 ** 22;

function isPlainJson(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  try {
    return JSON.stringify(value).length <= mostTransformation;
  } catch {
    return false;
  }
}

/** What a model's inputs and outputs mean; it stands beside the model in its file. */
export const signatureRules = {
  /** Shape of one input, without the batch: `[28, 28, 1]`; flat rows of pixels of that size are the same input. */
  input: option.required(
    option.that<readonly number[]>(
      'the shape of one input, a list of whole numbers ≥ 1',
      (value) =>
        Array.isArray(value) && value.length >= 1 && value.length <= mostAxes && value.every(isExtent),
    ),
  ),
  /** Numbers that a caller has: bytes `u8`, whole numbers `i32`, or real ones. Default `f32`. */
  dtype: option.oneOf(['u8', 'i32', 'f32']),
  /** What the least and the greatest byte become, or between which real inputs lie: [0, 1] for pixels. Default: any. */
  scale: option.that<readonly [low: number, high: number]>(
    'two finite numbers, the lower first',
    (value) =>
      Array.isArray(value) && value.length === 2 && value.every(Number.isFinite) && value[0] < value[1],
  ),
  /** Names of the classes that the outputs score, in order. Default: outputs are not classes, or have no names. */
  classes: option.that<readonly string[]>(
    'a list of texts',
    (value) =>
      Array.isArray(value) &&
      value.length >= 1 &&
      value.length <= 2 ** 16 &&
      value.every((name) => typeof name === 'string' && name.length <= 1000),
  ),
  /**
   * What turns the data of a user into inputs, and outputs into answers, as plain JSON: the columns of a table, their means,
   * their categories. Who made it reads it; a model carries it. Default: none.
   */
  transformation: option.that<Readonly<Record<string, unknown>>>(
    `a plain object of JSON, as text at most ${mostTransformation} characters`,
    (value) => isPlainJson(value),
  ),
} as const;

export type Signature = OptionsOf<typeof signatureRules>;

/** A copy of a signature. @throws ArgumentError for fields that are wrong or unknown */
export function checkedSignature(signature: Signature): Signature {
  checkOptions('signature', signatureRules, signature);
  const { input, dtype, scale, classes, transformation } = signature;
  return {
    input: [...input],
    ...(dtype !== undefined && { dtype }),
    ...(scale !== undefined && { scale: [scale[0], scale[1]] as const }),
    ...(classes !== undefined && { classes: [...classes] }),
    // A copy that nobody changes afterwards.
    ...(transformation !== undefined && {
      transformation: JSON.parse(JSON.stringify(transformation)) as Record<string, unknown>,
    }),
  };
}
