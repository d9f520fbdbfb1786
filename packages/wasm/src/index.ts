export type { WasmBackend } from './backend.ts';
export { createBackend } from './create-backend.ts';
export type { MemoryUsage } from './memory/linear-memory.ts';
