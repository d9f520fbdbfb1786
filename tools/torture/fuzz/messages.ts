/** What a process that fuzzes is told. */
export type Order =
  /** Make and judge these inputs. */
  | { readonly type: 'batch'; readonly from: number; readonly count: number }
  /** Make one input, and give it. */
  | { readonly type: 'make'; readonly index: number }
  /** Judge one input by the least of several readings. */
  | { readonly type: 'confirm'; readonly parser: string; readonly input: Uint8Array };

/** A fault that was found, with the input. */
export interface Found {
  readonly index: number;
  readonly parser: string;
  readonly input: Uint8Array;
  readonly what: string;
  readonly cause: string;
}

export interface BatchAnswer {
  readonly type: 'batch';
  readonly count: number;
  readonly worstMs: number;
  readonly worstBytes: number;
  readonly found: readonly Found[];
  /** Inputs that took too much, to be confirmed; their costs are not among the worst. */
  readonly suspects: readonly number[];
}

export type Answer =
  | { readonly type: 'ready' }
  | BatchAnswer
  | { readonly type: 'make'; readonly parser: string; readonly input: Uint8Array }
  | {
      readonly type: 'confirm';
      readonly ms: number;
      readonly bytes: number;
      readonly fault: { readonly what: string; readonly cause: string } | undefined;
    };
