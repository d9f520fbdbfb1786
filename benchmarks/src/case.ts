import type { LibraryName } from './libraries.ts';
import type { Table } from './table.ts';

/** What the command line asks of every case. */
export interface Request {
  readonly rounds: number;
  /** Whether a library takes part. */
  takes(library: LibraryName): boolean;
  /** Takes a table as soon as it is there. */
  show(table: Table): void;
}

export interface Case {
  readonly name: string;
  readonly title: string;
  /** What is measured, for readers of the tables. */
  readonly about: string;
  /** What stands below the tables: limits that were found, and what was tried against them. */
  readonly remarks?: readonly string[];
  readonly libraries: readonly LibraryName[];
  run(request: Request): Promise<void>;
}
