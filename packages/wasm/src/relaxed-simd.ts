import type { Code } from './assembler/code.ts';
import { ModuleBuilder } from './assembler/module-builder.ts';

/** True where the engine runs WebAssembly SIMD. */
export function hasSimd(): boolean {
  return (
    typeof WebAssembly === 'object' && WebAssembly.validate(probe((code) => code.f32(0).op('f32x4.splat')))
  );
}

/**
 * True where f32x4.relaxed_madd runs. Node 20 has it behind a flag that takes effect at run time, before modules
 * that use it are compiled; every later engine either has it or does not know the flag.
 */
export function enableRelaxedSimd(): boolean {
  if (hasRelaxedSimd()) return true;
  if (typeof process !== 'object' || !process.versions?.node?.startsWith('20.')) return false;
  process.getBuiltinModule('node:v8').setFlagsFromString('--experimental-wasm-relaxed-simd');
  return hasRelaxedSimd();
}

function hasRelaxedSimd(): boolean {
  const zero = (code: Code): Code => code.f32(0).op('f32x4.splat');
  return WebAssembly.validate(probe((code) => zero(zero(zero(code))).op('f32x4.relaxed_madd')));
}

function probe(write: (code: Code) => void): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  write(module.function('probe', [], ['v128']).code);
  return module.encode();
}
