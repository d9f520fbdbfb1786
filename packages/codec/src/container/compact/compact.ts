import type { ModelContainer } from '../model-container.ts';
import { compactReader } from './compact-reader.ts';
import { encodeCompact } from './encode-compact.ts';

/**
 * The compact container, for the smallest files: `net.save('digits.fhc', { compact })`. Its description is coded by a model that
 * knows descriptions of nets, weights of `lsq` and `ternary`, and what is stored as `coded`, by one that learns them.
 */
export const compact: ModelContainer = { ...compactReader, encode: encodeCompact };
