import type { Backend, DeviceBuffer, Kernels } from './backend.ts';
import type { TypedArray } from './dtype.ts';

/** What a recorder sees of a storage. */
export interface Recorded {
  readonly buffer: DeviceBuffer;
  version: number;
  /** Whether its memory was given back. */
  readonly isFreed: boolean;
  retain(): void;
  release(): void;
  /** Calls once its memory is given back; returns what ends that. */
  whenFreed(call: () => void): () => void;
}

/** What is told of all that happens on backends while a plan is recorded. */
export interface Recorder {
  /** A kernel is about to run. */
  onCall(backend: Backend, name: keyof Kernels, args: readonly unknown[]): void;
  onAllocate(buffer: DeviceBuffer): void;
  /** Somebody takes the buffer of a storage: of all that kernels are given, the storage is known. */
  onUse(storage: Recorded, buffer: DeviceBuffer): void;
  onUpload(buffer: DeviceBuffer, values: TypedArray): void;
  /** What runs was decided by the contents of a storage as they are now. */
  onContents(storage: Recorded): void;
  /** The contents of a storage are about to leave a buffer for one on another backend. */
  onMove(buffer: DeviceBuffer): void;
  /** Somebody does what no plan can repeat, such as reading values: `what` says it. */
  onBreak(operation: string, what: string): void;
}

/** The recorder at work, of which there is at most one. */
export let recorder: Recorder | undefined;

/** Sets the recorder at work; returns the one before, to be set again in a `finally`. */
export function setRecorder(next: Recorder | undefined): Recorder | undefined {
  const before = recorder;
  recorder = next;
  return before;
}
