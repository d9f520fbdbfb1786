import { adjoint, type Program } from '@funhash/formula';
import { panelModule } from '../src/compiler/panel.ts';
import { funHash, hashed, robe8, tile } from './formulas.ts';

/** Bytes of emitted modules, and milliseconds to emit and to compile them: the first time, and again. */
const formulas = {
  hashed: hashed(1000),
  robe8: robe8(1000),
  tile: tile(1024),
  'fun tanh2': funHash(1000, 2, 'tanh'),
};
const emit = (program: Program, unroll: number) =>
  panelModule(program, { lanes: 'row', unroll, listed: false }, { madd: false }).encode();
for (const [name, { program }] of Object.entries(formulas))
  for (const [kind, derived, unroll] of [
    ['decode', program, 8],
    ['adjoint', adjoint(program), 4],
  ] as const) {
    const times: number[] = [];
    let bytes = new Uint8Array(0);
    for (let k = 0; k < 20; k++) {
      const start = performance.now();
      bytes = emit(derived, unroll);
      times.push(performance.now() - start);
    }
    const start = performance.now();
    new WebAssembly.Module(bytes.slice());
    const compileMs = performance.now() - start;
    const [first, least] = [times[0] as number, Math.min(...times)];
    console.log(
      `${name.padEnd(10)} ${kind.padEnd(8)} ${bytes.length} B, emitted in ${first.toFixed(2)} ms, then ${least.toFixed(2)} ms, compiled in ${compileMs.toFixed(2)} ms`,
    );
  }
