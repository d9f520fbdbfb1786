export type { WasmBackend } from './backend.ts';
export { createBackend, type WasmOptions } from './create-backend.ts';
export type { MemoryUsage } from './memory/linear-memory.ts';
