import { ArgumentError, checkOptions, type OptionsOf, option, type Random } from '@funhash/hashing';
import { SequenceError } from '../errors.ts';
import type { Mutation } from './mutation.ts';

const isTokens = (list: unknown): boolean =>
  Array.isArray(list) && list.length > 0 && list.every((token) => Number.isInteger(token) && token >= 0);

const rules = {
  /** Tokens that may stand for each other: `new Map([[12, [57, 80]]])`. Default: none, and no synonyms are put in. */
  synonyms: option.that<ReadonlyMap<number, readonly number[]>>(
    'a Map from tokens to lists of tokens',
    (value) => value instanceof Map && [...value.values()].every(isTokens),
  ),
  /** Share of the tokens that are edited, at least one. Default 0.1. */
  share: option.real({ least: 0, most: 1 }),
  /** Edits among which each is drawn. Default: all, `synonym` and `insert` where there are synonyms. */
  edits: option.list(option.oneOf(['synonym', 'swap', 'insert', 'delete']), { least: 1 }),
  /** Token of padding. Default 0. */
  pad: option.integer(),
};

/** Options of `tokenEdits`. */
export type TokenOptions = OptionsOf<typeof rules>;

type Edit = (tokens: number[], random: Random, most: number) => void;

/**
 * Edits texts as tokens [T]: puts synonyms in, swaps two tokens, inserts a synonym of a token that is there, deletes one. Padding
 * stays on its side, and a text keeps at least one token and at most T.
 *
 * Source: Wei and Zou 2019, EDA, arXiv:1901.11196.
 *
 * @throws ArgumentError for edits that need synonyms where none were given
 */
export function tokenEdits(options: TokenOptions = {}): Mutation {
  checkOptions('tokenEdits', rules, options);
  const {
    synonyms,
    share = 0.1,
    pad = 0,
    edits: names = synonyms ? allNames : (['swap', 'delete'] as const),
  } = options;
  if (!synonyms && names.some((name) => name === 'synonym' || name === 'insert'))
    throw new ArgumentError({
      operation: 'tokenEdits',
      expected: 'synonyms for the edits synonym and insert',
      actual: 'none',
    });
  const edits = editsWith(synonyms ?? new Map());
  return {
    name: `tokenEdits (${names.join(', ')})`,
    mutate: (sequence, random, { padding }) => {
      const { values } = sequence;
      if (!(values instanceof Int32Array))
        throw new SequenceError({
          operation: 'tokenEdits',
          expected: 'tokens, an Int32Array',
          actual: 'floats',
        });
      const total = values.length;
      const length = sequence.length ?? total;
      const begin = padding === 'after' ? 0 : total - length;
      const tokens = [...values.subarray(begin, begin + length)];
      const times = Math.max(1, Math.round(share * length));
      for (let k = 0; k < times; k++)
        edits[names[random.integer(names.length)] as keyof typeof edits](tokens, random, total);
      const out = new Int32Array(total).fill(pad);
      out.set(tokens, padding === 'after' ? 0 : total - tokens.length);
      return { values: out, length: tokens.length };
    },
  };
}

const allNames = ['synonym', 'swap', 'insert', 'delete'] as const;

function editsWith(synonyms: ReadonlyMap<number, readonly number[]>) {
  const synonymAt = (
    tokens: readonly number[],
    random: Random,
  ): [place: number, token: number] | undefined => {
    const places = [...tokens.keys()].filter((k) => synonyms.has(tokens[k] as number));
    if (places.length === 0) return undefined;
    const place = places[random.integer(places.length)] as number;
    const others = synonyms.get(tokens[place] as number) as readonly number[];
    return [place, others[random.integer(others.length)] as number];
  };
  return {
    synonym: (tokens, random) => {
      const found = synonymAt(tokens, random);
      if (found) tokens[found[0]] = found[1];
    },
    swap: (tokens, random) => {
      const [a, b] = [random.integer(tokens.length), random.integer(tokens.length)];
      [tokens[a], tokens[b]] = [tokens[b] as number, tokens[a] as number];
    },
    insert: (tokens, random, most) => {
      const found = synonymAt(tokens, random);
      if (found && tokens.length < most) tokens.splice(random.integer(tokens.length + 1), 0, found[1]);
    },
    delete: (tokens, random) => {
      if (tokens.length > 1) tokens.splice(random.integer(tokens.length), 1);
    },
  } satisfies Record<(typeof allNames)[number], Edit>;
}
