import { FunhashError } from '@funhash/hashing';

/** A network that a form of export cannot say. */
export class ExportError extends FunhashError {}
