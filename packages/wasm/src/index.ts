export { createBackend, type WasmBackend } from './backend.ts';
export type { MemoryUsage } from './memory/linear-memory.ts';
