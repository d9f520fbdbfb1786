import {
  flagContext,
  greaterBase,
  hasSet,
  mostPrefix,
  newContexts,
  prefixBase,
  signBase,
} from '../levels/contexts.ts';
import type { Refuse } from '../refuse.ts';
import { contextWords, moves, nextState, shares, startContexts } from './tables.ts';

/** How the levels of a tensor were coded: what a codeword does not tell. */
export interface LevelCoding {
  readonly greaterFlags: number;
  readonly dependent: boolean;
  /** Levels of a row of blocks, behind which the coder starts anew; 0: never. */
  readonly segment: number;
}

const mostLevel = 2 ** 31 - 1;

/** The arithmetic decoder and the levels in it. It asks for no byte that a codeword need not have. */
export class CodewordDecoder {
  readonly #bytes: Uint8Array;
  readonly #refuse: Refuse;
  #at = 0;
  /** The window on the codeword: 9 bits, 7 ahead. */
  #value = 0;
  #range = 510;
  /** Bits behind the window that must be read, less 8. */
  #missing = -8;

  constructor(bytes: Uint8Array, refuse: Refuse) {
    this.#bytes = bytes;
    this.#refuse = refuse;
    if (bytes.length < 2) this.#end();
    this.#value = ((bytes[0] as number) << 8) | (bytes[1] as number);
    this.#at = 2;
  }

  /** The value of so many bits at probability ½, 0 to 31, the first one most significant. */
  bits(count: number): number {
    let value = 0;
    for (let k = 0; k < count; k++) {
      this.#value <<= 1;
      if (++this.#missing >= 0) this.#load();
      value <<= 1;
      const scaled = this.#range << 7;
      if (this.#value >= scaled) {
        this.#value -= scaled;
        value |= 1;
      }
    }
    return value;
  }

  /**
   * One bin.
   *
   * @param contexts `contextWords` for each context; adapted
   */
  bin(contexts: Int32Array, context: number): 0 | 1 {
    const at = context * contextWords;
    const fast = contexts[at] as number;
    const slow = contexts[at + 1] as number;
    const shifts = contexts[at + 2] as number;
    const s = ((fast << 4) + slow) >> 7;
    const share = shares[((this.#range & 0xe0) << 1) | (s & 63)] as number;
    this.#range -= share;
    let bin = 1 + (s >> 31);
    if (this.#value >= this.#range << 7) {
      bin ^= 1;
      this.#value -= this.#range << 7;
      this.#range = share;
    }
    const g = 2 * bin - 1;
    contexts[at] = fast + g * ((moves[16 + ((g * fast) >> 3)] as number) >> shifts);
    contexts[at + 1] = slow + g * ((moves[16 + ((g * slow) >> 7)] as number) >> (shifts >> 5));
    const shift = Math.clz32(this.#range) - 23;
    if (shift > 0) {
      this.#range <<= shift;
      this.#value <<= shift;
      this.#missing += shift;
      if (this.#missing >= 0) this.#load();
    }
    return bin as 0 | 1;
  }

  /** The flags in front of a tensor, and all its levels in scan order. */
  levels(levels: Int32Array, { greaterFlags, dependent, segment }: LevelCoding): void {
    const count = flagContext(greaterFlags);
    const contexts = newContexts(greaterFlags);
    const sets = new Uint8Array(count + 1);
    for (let c = 0; c < count; c++)
      if (hasSet(c, dependent) && this.bin(contexts, count) === 1) sets[c] = this.bits(3) + 1;
    startContexts(contexts, sets);
    let state = 0;
    if (segment === 0) {
      this.#run(levels, 0, levels.length, contexts, greaterFlags, dependent, 0);
      return;
    }
    this.#range = 256;
    for (let from = 0; from < levels.length; from += segment) {
      if (from > 0) {
        this.#range = 256;
        startContexts(contexts, sets);
      }
      const until = Math.min(from + segment, levels.length);
      state = this.#run(levels, from, until, contexts, greaterFlags, dependent, state);
    }
  }

  /**
   * The end of the codeword.
   *
   * @returns the bytes that it took
   */
  finish(): number {
    const bits = 8 * this.#at + 1 + this.#missing;
    const at = (bits - 1) >> 3;
    // The last bit that was read is a 1, the rest of its byte 0.
    const stop = 128 >> ((bits - 1) & 7);
    if (this.#value < (this.#range - 2) << 7 || ((this.#bytes[at] as number) & (2 * stop - 1)) !== stop)
      this.#refuse('the end of the codeword behind its levels', `other bits at byte ${at}`);
    return at + 1;
  }

  #load(): void {
    if (this.#at >= this.#bytes.length) this.#end();
    this.#value |= (this.#bytes[this.#at++] as number) << this.#missing;
    this.#missing -= 8;
  }

  #end(): never {
    return this.#refuse('a whole codeword', `its first ${this.#bytes.length} bytes`);
  }

  /**
   * Levels from one index to another. One loop decodes a bin and then sees what it was: written out for each element of
   * the syntax the engine would stand here four times.
   *
   * @returns the state of the trellis behind them
   */
  #run(
    levels: Int32Array,
    from: number,
    to: number,
    contexts: Int32Array,
    greaterFlags: number,
    dependent: boolean,
    startState: number,
  ): number {
    const bytes = this.#bytes;
    const length = bytes.length;
    const prefix = prefixBase(greaterFlags);
    let [value, range, missing, at] = [this.#value, this.#range, this.#missing, this.#at];
    let state = startState;
    let i = from;
    let context = 3 * state;
    let neighbor = 0;
    let negative = 0;
    let magnitude = 0;
    while (i < to) {
      const place = context * contextWords;
      const fast = contexts[place] as number;
      const slow = contexts[place + 1] as number;
      const shifts = contexts[place + 2] as number;
      const s = ((fast << 4) + slow) >> 7;
      const share = shares[((range & 0xe0) << 1) | (s & 63)] as number;
      let bin = 1 + (s >> 31);
      range -= share;
      const scaled = range << 7;
      if (value >= scaled) {
        bin ^= 1;
        value -= scaled;
        range = share;
      }
      if (bin === 1) {
        contexts[place] = fast + ((moves[16 + (fast >> 3)] as number) >> shifts);
        contexts[place + 1] = slow + ((moves[16 + (slow >> 7)] as number) >> (shifts >> 5));
      } else {
        contexts[place] = fast - ((moves[16 + (-fast >> 3)] as number) >> shifts);
        contexts[place + 1] = slow - ((moves[16 + (-slow >> 7)] as number) >> (shifts >> 5));
      }
      if (range < 256) {
        const shift = Math.clz32(range) - 23;
        range <<= shift;
        value <<= shift;
        missing += shift;
        if (missing >= 0) {
          if (at >= length) this.#end();
          value |= (bytes[at++] as number) << missing;
          missing -= 8;
        }
      }
      if (context < signBase) {
        if (bin === 1) {
          context = signBase + neighbor;
          continue;
        }
        magnitude = 0;
      } else if (context < greaterBase) {
        negative = bin;
        magnitude = 1;
        context = greaterBase + bin;
        continue;
      } else if (context < prefix) {
        if (bin === 1) {
          magnitude++;
          context = magnitude > greaterFlags ? prefix : context + 2;
          continue;
        }
      } else {
        const k = context - prefix;
        if (bin === 1) {
          if (k === mostPrefix) this.#refuse('levels of 32 bits', 'a larger one');
          context++;
          continue;
        }
        let rest = 0;
        for (let bit = 0; bit < k; bit++) {
          value <<= 1;
          if (++missing >= 0) {
            if (at >= length) this.#end();
            value |= bytes[at++] as number;
            missing = -8;
          }
          rest <<= 1;
          if (value >= range << 7) {
            value -= range << 7;
            rest |= 1;
          }
        }
        magnitude += 2 ** k - 1 + rest;
        if (magnitude > mostLevel) this.#refuse('levels of 32 bits', 'a larger one');
      }
      let level = magnitude;
      if (dependent) {
        level = 2 * magnitude - (magnitude > 0 ? state & 1 : 0);
        if (level > mostLevel) this.#refuse('levels of 32 bits', 'a larger one');
        state = nextState[(state << 1) | (magnitude & 1)] as number;
      }
      neighbor = magnitude === 0 ? 0 : 2 - negative;
      levels[i++] = negative === 1 ? -level : level;
      context = 3 * state + neighbor;
    }
    [this.#value, this.#range, this.#missing, this.#at] = [value, range, missing, at];
    return state;
  }
}
