import { inMessage, printable } from './printable.ts';

/** What an error of this project always says: where, what was expected, what came instead, and what to do. */
export interface ErrorDetails {
  /** The function or operation that refused, for instance `matmul` or `parseIdx`. */
  readonly operation: string;
  /** What the operation needs. */
  readonly expected: string;
  /** What it was given: operands with their shapes, a byte offset, a value. */
  readonly actual: string;
  /** What the caller can do about it. */
  readonly remedy?: string;
}

/** The most characters of each part of a message: what a file holds may be longer than anybody reads. */
const longest = { operation: 300, expected: 1000, actual: 500, remedy: 500 } as const satisfies Record<
  keyof ErrorDetails,
  number
>;

/** Base of every typed error of the funhash packages. What it says is printable: text from files cannot steer a terminal. */
export class FunhashError extends Error {
  readonly details: ErrorDetails;

  constructor(details: ErrorDetails, options?: ErrorOptions) {
    const shown = Object.fromEntries(
      Object.entries(details).map(([name, text]) => [
        name,
        typeof text === 'string' ? inMessage(text, longest[name as keyof ErrorDetails]) : text,
      ]),
    ) as unknown as ErrorDetails;
    const remedy = shown.remedy === undefined ? '' : ` ${shown.remedy}`;
    super(`${shown.operation}: expected ${shown.expected}, got ${shown.actual}.${remedy}`, options);
    this.name = new.target.name;
    this.details = shown;
  }
}

/** A number, option or argument outside its domain. */
export class ArgumentError extends FunhashError {}

/** An option that does not exist. */
export class OptionError extends ArgumentError {
  /** The names that the operation takes. */
  readonly known: readonly string[];

  constructor({
    operation,
    name,
    known,
    nearest,
    advice = nearest === undefined ? undefined : `did you mean ${nearest}?`,
  }: {
    readonly operation: string;
    /** The name that was given. */
    readonly name: string;
    readonly known: readonly string[];
    /** The known one that was most likely meant. */
    readonly nearest: string | undefined;
    /** What to do instead, without a capital: `it belongs to the optimizer`. Default: names the nearest. */
    readonly advice?: string | undefined;
  }) {
    const list = known.length === 0 ? 'no options' : `options among ${known.join(', ')}`;
    const remedy = advice && advice[0]?.toUpperCase() + advice.slice(1);
    super({ operation, expected: list, actual: name, ...(remedy && { remedy }) });
    this.known = known;
    const shown = this.details;
    this.message = `${shown.operation}: unknown option ${shown.actual}; ${printable(advice ?? `it takes ${known.join(', ') || 'none'}`)}`;
  }
}
