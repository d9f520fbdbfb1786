import {
  ArgumentError,
  asWordHash,
  type HashFamily,
  type HashFormula,
  hashFamilies,
  option,
  xxHash32Words,
} from '@funhash/hashing';

/** A hash of a user's own, as `defineHash` makes it. */
export class OwnHash {
  readonly name: string;
  readonly formula: HashFormula;
  /** What files call it: its name, and digits of some of its words, by which another formula of the name is told. */
  readonly label: string;

  constructor(name: string, formula: HashFormula) {
    this.name = name;
    this.formula = formula;
    const hash = asWordHash(formula);
    const digits = someKeys.reduce(
      (all, [row, col, seed]) => xxHash32Words(all, hash(row, col, seed), seed),
      0,
    );
    this.label = `${name}@${digits.toString(16).padStart(8, '0')}`;
  }

  toJSON(): string {
    return this.label;
  }
}

const someKeys = [
  [0, 0, 0],
  [1, 2, 3],
  [0xffffffff, 0x7fffffff, 0x80000000],
  [123_456, 654_321, 42],
] as const;

/** Hashes by any names. */
export const hashesRule = option.that<Readonly<Record<string, OwnHash>>>(
  'a record of hashes, such as { mine }, made by defineHash',
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((hash) => hash instanceof OwnHash),
);

/** The formula of a hash option. */
export const hashFormulaOf = (hash: HashFamily | OwnHash = 'xxHash32'): HashFormula =>
  hash instanceof OwnHash ? hash.formula : hashFamilies[hash];

/**
 * Options out of a file, with the hashes that their labels mean.
 *
 * @throws ArgumentError for a hash that is not among those given, or has another formula
 */
export function withHashes(
  options: Readonly<Record<string, unknown>>,
  hashes: Iterable<OwnHash>,
): Readonly<Record<string, unknown>> {
  const { hash: label } = options ?? {};
  if (typeof label !== 'string' || !label.includes('@')) return options;
  const known = [...hashes];
  const found = known.find((hash) => hash.label === label);
  if (found) return { ...options, hash: found };
  const [name = ''] = label.split('@');
  const isOther = known.some((hash) => hash.name === name);
  throw new ArgumentError({
    operation: 'restoreWeight',
    expected: isOther
      ? `the hash ${name} that the model was saved with`
      : `a known hash: ${[...Object.keys(hashFamilies), ...known.map((hash) => hash.name)].join(', ')}`,
    actual: isOther ? 'another formula under that name' : JSON.stringify(label),
    remedy: isOther
      ? 'Give a hash another name when its formula changes.'
      : 'Pass hashes of your own as `hashes`, as in load(file, { hashes: { mine } }).',
  });
}
