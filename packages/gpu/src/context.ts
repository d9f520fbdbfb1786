import { type Language, languages } from '@funhash/codegen';
import type { OnReference } from '@funhash/tensor';
import type { Device } from './device.ts';
import type { GpuMode } from './gpu-js.ts';
import type { EntryTables } from './kernels/entry-tables.ts';
import type { Memory } from './memory.ts';

/** What the kernels of one backend share. No kernel is called with operands of f64: these stay on the host. */
export interface GpuContext {
  readonly device: Device;
  readonly memory: Memory;
  readonly tables: EntryTables;
  /** Entries of a virtual matrix that are on the device together, where a row has no more. */
  readonly stripEntries: number;
  /** Runs a form of a kernel that the device does not have on the reference: counted, and refused in strict mode. */
  readonly onReference: OnReference;
}

const languageIn: Readonly<Record<GpuMode, Language>> = {
  webgl2: languages.glsl300,
  headlessgl: languages.glsl100,
  cpu: languages.js,
};

/** What native functions of kernels are written in. */
export function languageOf(mode: GpuMode): Language {
  return languageIn[mode];
}
