import type { Dataset } from '@funhash/datasets';
import type { DataSpec } from '../spec/run-spec.ts';

/** One kind of data that the name in a spec may mean. To add one, write its file and export it from `sources.ts`. */
export interface DataSource {
  /** What a name has to be, in the words of an error: `one of mnist, …`, `a folder of IDX files`. */
  readonly expected: string;
  /** Fields of the data that this kind takes beside its name, the seed and the counts; others are refused. */
  readonly takes: readonly (keyof DataSpec)[];
  /** Whether a spec names data of this kind; files are looked at, not read whole. */
  has(spec: DataSpec): boolean | Promise<boolean>;
  /** Loads the samples. @throws data errors where files are absent or damaged */
  load(spec: DataSpec): Promise<Dataset>;
}
