// What pages start with by default; `useBackend('wasm')` loads the rest.
export { singleThreaded, type WasmBackend } from './backend.ts';
