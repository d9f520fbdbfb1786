import { type OptionsOf, option } from '@funhash/hashing';
import { WindowError } from '../errors.ts';

export const windowRules = {
  /** First and last step that are looked at, counted from 0, both within: [4, 24] are 21 steps. Default: all. */
  window: option.list(option.integer(), { least: 2, most: 2 }),
  /**
   * Place from which steps are counted: the `start` of the sequence (default), or its `end`, so that step 0 is the last real one
   * and windows of texts of all lengths hold words.
   */
  from: option.oneOf(['start', 'end']),
  /** Side on which sequences are padded. Default `after`. */
  padding: option.oneOf(['after', 'before']),
};

/** Options of which steps are looked at. */
export type WindowOptions = OptionsOf<typeof windowRules>;

/** Steps that are looked at in sequences of T steps. */
export interface StepWindow {
  /** Number of steps in the window. */
  readonly steps: number;
  readonly first: number;
  readonly from: 'start' | 'end';
  readonly padding: 'after' | 'before';
  /** Place in a sequence of `length` real steps of a step of the window, counted from 0; −1 where it is padding. */
  place(step: number, length: number): number;
  /** First real place of a sequence of `length` real steps. */
  begin(length: number): number;
}

/**
 * The window over sequences of so many steps.
 *
 * @throws WindowError for steps outside of the sequences
 */
export function stepWindow(operation: string, total: number, options: WindowOptions): StepWindow {
  const { window = [0, total - 1], from = 'start', padding = 'after' } = options;
  const [first, last] = window as [number, number];
  if (first > last || last >= total)
    throw new WindowError({
      operation,
      expected: `a window [first, last] within steps 0 to ${total - 1}`,
      actual: `[${first}, ${last}]`,
      remedy: 'Steps are counted from 0, and both ends are within.',
    });
  const begin = (length: number): number => (padding === 'after' ? 0 : total - length);
  return {
    steps: last - first + 1,
    first,
    from,
    padding,
    begin,
    place: (step, length) => {
      const within = from === 'start' ? first + step : length - 1 - last + step;
      return within < 0 || within >= length ? -1 : begin(length) + within;
    },
  };
}
