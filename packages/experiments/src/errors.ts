import { ArgumentError } from '@funhash/hashing';

/** A run that cannot be as it was asked for: a name that does not exist, sizes that do not fit, too few examples. */
export class SpecError extends ArgumentError {}
