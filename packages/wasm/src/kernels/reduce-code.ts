import type { Code, Local } from '../assembler/code.ts';
import type { FunctionBuilder, ModuleBuilder } from '../assembler/module-builder.ts';
import type { PlainOp } from '../assembler/opcodes.ts';

export const reductions = ['sum', 'max', 'min'] as const;
export type Reduction = (typeof reductions)[number];

/** How one kind of reduction keeps its running result: sums in double precision, in two vectors for four lanes. */
interface Accumulation {
  /** Vectors of running results for four elements. */
  readonly vectors: 1 | 2;
  start(code: Code, sums: readonly Local[]): void;
  /** Takes in the four elements of a vector. */
  take(code: Code, sums: readonly Local[], elements: Local): void;
  /** Four results, on the stack. */
  pushResults(code: Code, sums: readonly Local[]): void;
}

function extreme(op: 'f32x4.max' | 'f32x4.min', start: number): Accumulation {
  return {
    vectors: 1,
    start: (code, [sum]) => void code.v128(new Float32Array(4).fill(start)).set(sum as Local),
    take: (code, [sum], elements) =>
      void code
        .get(sum as Local, elements)
        .op(op)
        .set(sum as Local),
    pushResults: (code, [sum]) => void code.get(sum as Local),
  };
}

const accumulations: Readonly<Record<Reduction, Accumulation>> = {
  sum: {
    vectors: 2,
    start: (code, sums) => {
      for (const sum of sums) code.v128(new Float64Array(2)).set(sum);
    },
    take: (code, [low, high], elements) => {
      const add = (sum: Local): void =>
        void code.op('f64x2.promote_low_f32x4').get(sum).op('f64x2.add').set(sum);
      code.get(elements);
      add(low as Local);
      code.get(elements, elements).shuffle(2, 3, 0, 1);
      add(high as Local);
    },
    pushResults: (code, [low, high]) => {
      code.get(low as Local).op('f32x4.demote_f64x2_zero');
      code.get(high as Local).op('f32x4.demote_f64x2_zero');
      code.shuffle(0, 1, 4, 5);
    },
  },
  max: extreme('f32x4.max', Number.NEGATIVE_INFINITY),
  min: extreme('f32x4.min', Number.POSITIVE_INFINITY),
};

/**
 * Writes two functions for each reduction r: `r`(x, out, outer, count, inner), out[o, i] = r over c of x[o, c, i], and
 * `rRows`(x, out, rows, cols), out[row] = r over the columns. Operands are contiguous.
 */
export function reduceCode(module: ModuleBuilder): void {
  for (const name of reductions) {
    reduceMiddle(module, name);
    reduceRows(module, name);
  }
}

function reduceMiddle(module: ModuleBuilder, name: Reduction): void {
  const accumulation = accumulations[name];
  const made = module.function(name, ['i32', 'i32', 'i32', 'i32', 'i32']);
  const { code } = made;
  const [x, out, outer, count, inner] = made.arguments;
  const [left, at, c, stride] = made.locals('i32', 4);
  const elements = made.local('v128');
  // `vectors` vectors of neighbouring results, or a single result where it is 0.
  const columns = (vectors: number): void => {
    const sums = Array.from({ length: Math.max(1, vectors) }, () =>
      made.locals('v128', accumulation.vectors),
    );
    for (const sum of sums) accumulation.start(code, sum);
    code.get(x).set(at).get(count).set(c);
    code.repeat(c, () => {
      sums.forEach((sum, v) => {
        code.get(at);
        if (vectors === 0) code.memory('v128.load32_zero');
        else code.memory('v128.load', 16 * v);
        code.set(elements);
        accumulation.take(code, sum, elements);
      });
      code.advance(at, stride);
    });
    sums.forEach((sum, v) => {
      code.get(out);
      accumulation.pushResults(code, sum);
      if (vectors === 0) code.memoryLane('v128.store32_lane', 0);
      else code.memory('v128.store', 16 * v);
    });
    const width = vectors === 0 ? 1 : 4 * vectors;
    for (const pointer of [x, out]) code.increase(pointer, 4 * width);
    code.increase(left, -width);
  };
  code.get(inner).i32(2).op('i32.shl').set(stride);
  code.repeat(outer, () => {
    code.get(inner).set(left);
    for (const vectors of [2, 0])
      code.while(
        () =>
          code
            .get(left)
            .i32(Math.max(1, 4 * vectors))
            .op('i32.ge_u'),
        () => columns(vectors),
      );
    // x stands behind the first of `count` rows now.
    code.get(x, stride, count).i32(1).op('i32.sub').op('i32.mul').op('i32.add').set(x);
  });
}

function reduceRows(module: ModuleBuilder, name: Reduction): void {
  const accumulation = accumulations[name];
  const made = module.function(`${name}Rows`, ['i32', 'i32', 'i32', 'i32']);
  const { code } = made;
  const [x, out, rows, cols] = made.arguments;
  const left = made.local('i32');
  const elements = made.local('v128');
  const first: readonly Local[] = made.locals('v128', accumulation.vectors);
  const second: readonly Local[] = made.locals('v128', accumulation.vectors);
  const takeAt = (sums: readonly Local[], offset: number): void => {
    code.get(x).memory('v128.load', offset).set(elements);
    accumulation.take(code, sums, elements);
  };
  code.repeat(rows, () => {
    accumulation.start(code, first);
    accumulation.start(code, second);
    code.get(cols).set(left);
    code.while(
      () => code.atLeast(left, 8),
      () => {
        takeAt(first, 0);
        takeAt(second, 16);
        code.increase(x, 32);
        code.increase(left, -8);
      },
    );
    code.get(out);
    finishRow(made, name, { x, left, first, second });
    code.memory('f32.store');
    code.increase(out, 4);
  });
}

// Pushes the result of a row: the lanes of the vectors, then the last few elements one by one.
function finishRow(
  made: FunctionBuilder,
  name: Reduction,
  { x, left, first, second }: { x: Local; left: Local; first: readonly Local[]; second: readonly Local[] },
): void {
  const { code } = made;
  const sum = name === 'sum';
  const combine: PlainOp = sum ? 'f64.add' : `f32.${name}`;
  const total = made.local(sum ? 'f64' : 'f32');
  const lanes = sum ? 2 : 4;
  const vectors = [...first, ...second];
  vectors.forEach((vector, k) => {
    for (let lane = 0; lane < lanes; lane++) {
      code.get(vector).lane(sum ? 'f64x2.extract_lane' : 'f32x4.extract_lane', lane);
      if (k > 0 || lane > 0) code.op(combine);
    }
  });
  code.set(total);
  code.repeat(left, () => {
    code.get(total, x).memory('f32.load');
    if (sum) code.op('f64.promote_f32');
    code.op(combine).set(total);
    code.increase(x, 4);
  });
  code.get(total);
  if (sum) code.op('f32.demote_f64');
}
