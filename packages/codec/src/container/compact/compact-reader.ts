import type { ContainerReader } from '../model-container.ts';
import { isCompact } from './compact-file.ts';
import { decodeCompact } from './decode-compact.ts';

/** The compact container to whoever reads: pages that save nothing in it need no more. */
export const compactReader: ContainerReader = { id: 'compact', isOf: isCompact, decode: decodeCompact };
