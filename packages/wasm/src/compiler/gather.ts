import type { Node } from '@funhash/formula';
import type { Code, Local } from '../assembler/code.ts';
import { transpose4 } from '../gemm/transpose.ts';
import { stripLanes } from './dependence.ts';
import type { Lowering } from './lowering.ts';
import { word, words } from './words.ts';

/** Reads stored values at an index, in the way that the index allows. */
export function gather(lowering: Lowering, node: Node, step: number, half: number): Local {
  const index = node.args[0] as number;
  const base = lowering.surroundings.storedBase(node.value);
  const { dependence } = lowering;
  if (!lowering.varies(node.id))
    return lowering.once('r', node.id, step, 0, ({ made, code }) => {
      const { address, offset } = placeOfWord(lowering, index, base, step);
      code.get(address).memory('v128.load32_splat', offset);
      const local = made.local('v128');
      code.set(local);
      return local;
    });
  if (dependence.laneStride(index) === 1)
    return lowering.once('r', node.id, step, half, ({ made, code }) => {
      const { address, offset } = placeOfWord(lowering, index, base, step);
      code.get(address).memory('v128.load', offset + 16 * half);
      const local = made.local('v128');
      code.set(local);
      return local;
    });
  if (lowering.unroll === stripLanes && dependence.of(index).step === 2 && dependence.stepStride(index) === 1)
    return runsAlongSteps(lowering, node, base, step, half);
  return lowering.once('r', node.id, step, half, ({ made, code }) => {
    const addresses = addressesOfWords(lowering, index, base, step, half);
    const local = made.local('v128');
    for (let lane = 0; lane < 4; lane++) {
      code.get(addresses).lane('i32x4.extract_lane', lane);
      if (lane === 0) code.memory('v128.load32_zero');
      else code.get(local).memoryLane('v128.load32_lane', lane);
      code.set(local);
    }
    return local;
  });
}

/** A place in memory: a local that holds an address, and a constant to be added to it. */
interface Place {
  readonly address: Local;
  readonly offset: number;
}

/** base + 4·index, of the index at lane 0; one address serves a whole block where the index counts along the steps. */
export function placeOfWord(lowering: Lowering, index: number, base: Local, step: number): Place {
  const { dependence } = lowering;
  const stride = dependence.of(index).step === 2 ? dependence.stepStride(index) : undefined;
  if (stride === undefined || stride < 0 || stride > mostStride)
    return { address: addressOfWord(lowering, index, base, step), offset: 0 };
  return { address: addressOfWord(lowering, index, base, 0), offset: 4 * stride * step };
}

/** The largest offset that is written into an instruction, in elements. */
const mostStride = 2 ** 20;

function addressOfWord(lowering: Lowering, index: number, base: Local, step: number): Local {
  return lowering.once(`a${base}:`, index, step, 0, ({ made, code }) => {
    const at = word(lowering, index, step);
    code.get(base, at).i32(2).op('i32.shl').op('i32.add');
    const local = made.local('i32');
    code.set(local);
    return local;
  });
}

/** base + 4·index in each lane. */
export function addressesOfWords(
  lowering: Lowering,
  index: number,
  base: Local,
  step: number,
  half: number,
): Local {
  return lowering.once(`A${base}:`, index, step, half, (v) => {
    const offsets = lowering.once('o', index, step, half, (inner) =>
      inner.shift('i32x4.shl', words(lowering, index, step, half), 2),
    );
    return v.op('i32x4.add', offsets, lowering.splatOfBase(base));
  });
}

/**
 * An index that counts along the steps: eight loads of eight neighbours, one for each lane, transposed in registers, give
 * the values of all eight steps of a block.
 */
function runsAlongSteps(lowering: Lowering, node: Node, base: Local, step: number, half: number): Local {
  const index = node.args[0] as number;
  const rows = Array.from({ length: 4 }, (_, lane) => {
    const address = laneAddress(lowering, index, base, half, lane);
    return [0, 1].map((part) =>
      lowering.once(`k${base}:${lane}:${part}:`, index, 0, half, ({ made, code }) => {
        const local = made.local('v128');
        address.push(code);
        code.memory('v128.load', address.offset + 16 * part).set(local);
        return local;
      }),
    );
  });
  const part = step >> 2;
  const transposed = lowering.block(`t${base}:${index}:${half}:${part}`, ({ made, code }) =>
    transpose4(made, code, rows.map((row) => row[part]) as unknown as [Local, Local, Local, Local]),
  );
  return transposed[step & 3] as Local;
}

interface Address {
  readonly push: (code: Code) => void;
  readonly offset: number;
}

// Where neighbouring lanes lie a small constant apart (a tile), one address serves them all. Lanes beyond the last row
// or column then read behind the stored values, but never further than the slack of every buffer.
function laneAddress(lowering: Lowering, index: number, base: Local, half: number, lane: number): Address {
  const stride = lowering.dependence.laneStride(index);
  if (stride !== undefined && stride >= 0 && stride <= 8) {
    const address = addressOfWord(lowering, index, base, 0);
    return { push: (code) => void code.get(address), offset: (half * 4 + lane) * stride * 4 };
  }
  const addresses = addressesOfWords(lowering, index, base, 0, half);
  return { push: (code) => void code.get(addresses).lane('i32x4.extract_lane', lane), offset: 0 };
}
