import type { Program } from '@funhash/formula';
import type { DType } from '../dtype.ts';
import { isFloat } from '../dtype.ts';
import type { KernelName } from '../run-kernel.ts';
import { isContiguous, sameShape, sizeOf } from '../shape.ts';
import { isWhole } from '../whole-programs.ts';
import { checkedView, type PlanRefusal, type TypedView as Typed } from './check-views.ts';
import { outArgument, type Plan, type PlanArgument, type PlanCall, type PlanView } from './plan.ts';

interface Fields {
  readonly [field: string]: PlanArgument;
}

/**
 * Checks what kernels assume of their arguments (see `Kernels`), for a plan from outside: that views lie within their
 * buffers, shapes fit, dtypes agree, programs have what they read, and nothing is written that a plan only reads.
 */
export function checkCalls(plan: Plan, refusePlan: PlanRefusal): void {
  let at = 0;
  const refuse: PlanRefusal = (expected, actual) => refusePlan(`${expected}, call ${at}`, actual);
  const checker = new Checker(plan, refuse);
  let part = 0;
  for (const call of plan.calls) {
    at++;
    if (!Object.hasOwn(outArgument, call.kernel)) refuse('a known kernel', call.kernel);
    if (call.part < part || call.part >= plan.parts) refuse('parts in order', call.part);
    part = call.part;
    checker.check(call);
  }
  at++;
  for (const view of Object.values(plan.outputs)) {
    const { shape, strides } = checker.view(view);
    if (!isContiguous(shape, strides)) refuse('outputs in row-major order', strides);
  }
  for (const { word, call, argument, uniform } of plan.wordPlaces) {
    const { uniforms } = (plan.calls[call]?.args[argument] ?? {}) as {
      readonly uniforms?: readonly number[];
    };
    if (!(word < plan.words && Array.isArray(uniforms) && uniform < uniforms.length))
      refuse('words that stand among the uniforms of a call', uniform);
  }
}

class Checker {
  readonly #plan: Plan;
  readonly #refuse: PlanRefusal;

  constructor(plan: Plan, refuse: PlanRefusal) {
    this.#plan = plan;
    this.#refuse = refuse;
  }

  check({ kernel, args }: PlanCall): void {
    this.#kernels[kernel](args);
    const outs = args[outArgument[kernel]];
    for (const out of Array.isArray(outs) ? outs : [outs]) {
      const { kind } = this.#plan.buffers[(out as PlanView).buffer] as Plan['buffers'][number];
      if (kind === 'input' || kind === 'constant')
        this.#refuse('inputs and constants to be left as they are', kind);
    }
  }

  /** What each kernel assumes. */
  readonly #kernels: Readonly<Record<KernelName, (args: readonly PlanArgument[]) => void>> = {
    fill: ([out, value]) => {
      this.view(out);
      this.#require(typeof value === 'number', 'a number to fill with', value);
    },
    copy: ([x, out]) => {
      this.#same(this.view(x).shape, this.view(out).shape);
    },
    map: ([program, inputs, scalars, outs]) => {
      const { slots, outputs, nodes, sinks } = this.#program(program);
      const pointwise = ['row', 'col', 'at', 'uniform'];
      this.#require(
        sinks.length === 0 && nodes.every(({ op }) => !pointwise.includes(op)),
        'a program of one element',
        program,
      );
      const [from, to] = [this.#views(inputs), this.#views(outs).map((out) => this.#whole(out))];
      this.#numbers(scalars, slots.scalars);
      this.#require(
        from.length >= slots.inputs && to.length === outputs.length,
        'operands of the program',
        from.length,
      );
      const [first] = to as [Typed];
      for (const operand of [...from, ...to]) {
        this.#same(operand.shape, first.shape);
        this.#type(operand, first.dtype);
      }
      const fits = isFloat(first.dtype) || (first.dtype === 'i32' && isWhole(this.#program(program)));
      this.#require(fits, 'operands of a dtype of the program', first.dtype);
    },
    reduce: ([op, x, target]) => {
      this.#require(['sum', 'max', 'min'].includes(op as string), 'sum, max or min', op);
      const [from, out] = [this.view(x), this.#out(target)];
      this.#type(out, from.dtype, 'f32', 'f64', 'i32');
      const fits =
        out.shape.length === from.shape.length && out.shape.every((n, k) => n === from.shape[k] || n === 1);
      this.#require(fits, 'the shape of x with 1 in reduced axes', out.shape);
    },
    argMax: ([x, target]) => {
      const [from, out] = [this.view(x), this.#out(target)];
      this.#type(out, 'i32');
      this.#require((from.shape.at(-1) ?? 0) > 0, 'a last axis with elements', from.shape);
      this.#same(out.shape, from.shape.slice(0, -1));
    },
    matmul: ([a, b, target, epilogue]) => {
      const [left, right, out] = [this.#float(a), this.#float(b), this.#out(target)];
      const [depth, cols] = right.shape.slice(-2) as [number, number];
      this.#require(right.shape.length >= 2, 'b of two axes', right.shape);
      this.#type(right, left.dtype);
      this.#type(out, left.dtype);
      if (right.shape.length === 2) {
        const lead = out.shape.slice(0, -1);
        this.#product(left, lead, depth);
        this.#same(out.shape, [...lead, cols]);
      } else {
        const lead = right.shape.slice(0, -2);
        this.#same(left.shape, [...lead, left.shape.at(-2) as number, depth]);
        this.#same(out.shape, [...lead, left.shape.at(-2) as number, cols]);
      }
      this.#epilogue(epilogue, cols, out.dtype);
    },
    gather: ([x, index, target]) => {
      const [from, at, out] = [this.view(x), this.#index(index), this.#out(target)];
      this.#type(out, from.dtype);
      this.#require(from.shape.length > 0, 'at least one axis', from.shape);
      this.#same(out.shape, [at.shape[0] as number, ...from.shape.slice(1)]);
    },
    scatterAdd: ([x, index, target]) => {
      const [from, at, out] = [this.#float(x), this.#index(index), this.#out(target)];
      this.#type(out, from.dtype);
      this.#require(out.shape.length > 0, 'at least one axis', out.shape);
      this.#same(from.shape, [at.shape[0] as number, ...out.shape.slice(1)]);
    },
    logSumExp: ([x, target]) => {
      const [from, out] = [this.#float(x), this.#out(target)];
      this.#type(out, from.dtype);
      this.#require(from.shape.length > 0, 'at least one axis', from.shape);
      this.#same(out.shape, from.shape.slice(0, -1));
    },
    scan: ([x, target]) => {
      const [from, out] = [this.view(x), this.#out(target)];
      this.#type(out, from.dtype, 'f32', 'f64', 'i32');
      this.#require(from.shape.length > 0 && from.buffer !== out.buffer, 'another out than x', out.buffer);
      this.#same(out.shape, from.shape);
    },
    virtualRows: ([v, ids, target]) => {
      const [{ rows, cols, dtype }, out] = [this.#virtual(v), this.#out(target)];
      this.#type(out, dtype ?? 'f32', 'f32', 'f64');
      this.#same(out.shape, [ids === null ? rows : (this.#index(ids).shape[0] as number), cols]);
    },
    foldRows: ([dOut, ids, v, adjoint, outs]) => {
      const { rows, cols, dtype } = this.#fold(v, adjoint, outs);
      const from = this.#float(dOut);
      this.#type(from, dtype ?? 'f32');
      this.#same(from.shape, [ids === null ? rows : (this.#index(ids).shape[0] as number), cols]);
    },
    virtualMatmul: ([x, v, target, epilogue]) => {
      const [{ rows, cols, dtype }, from, out] = [this.#virtual(v), this.#float(x), this.#out(target)];
      this.#type(from, dtype ?? from.dtype);
      this.#type(out, from.dtype);
      const lead = out.shape.slice(0, -1);
      this.#product(from, lead, cols);
      this.#same(out.shape, [...lead, rows]);
      this.#epilogue(epilogue, rows, out.dtype);
    },
    virtualFold: ([dY, x, v, adjoint, outs]) => {
      const { rows, cols, dtype } = this.#fold(v, adjoint, outs);
      const [from, other] = [this.#float(dY), this.#float(x)];
      this.#type(from, dtype ?? from.dtype);
      this.#type(other, from.dtype);
      const lead = from.shape.slice(0, -1);
      this.#same(from.shape, [...lead, rows]);
      this.#product(other, lead, cols);
    },
    packSigns: ([x, target, bounds]) => {
      const [from, out] = [this.#float(x), this.#out(target)];
      this.#type(out, 'i32');
      const channels = from.shape.at(-1) ?? this.#refuse('at least one axis', '[]');
      this.#same(out.shape, [...from.shape.slice(0, -1), Math.ceil(channels / 32)]);
      this.#bounds(bounds, channels);
    },
    signMatmul: ([a, b, depth, target, bounds]) => {
      const [left, right, out] = [this.view(a), this.view(b), this.#out(target)];
      for (const words of [left, right]) this.#type(words, 'i32');
      const [channels, words] = right.shape as [number, number];
      this.#require(right.shape.length === 2, 'b of two axes', right.shape);
      const lead = out.shape.slice(0, -1);
      const columns = sizeOf(left.shape.slice(lead.length));
      const planes = words === 0 ? 1 : columns / words;
      this.#require(
        Number.isInteger(planes) && planes >= 1 && planes <= 24,
        'planes of whole rows',
        left.shape,
      );
      this.#product(left, lead, planes * words);
      this.#require(
        Number.isInteger(depth) &&
          (depth as number) >= 0 &&
          (depth as number) <= 32 * words &&
          2 ** planes * (depth as number) <= 2 ** 24,
        `a depth of ${words} words`,
        depth,
      );
      this.#type(out, bounds ? 'i32' : 'f32');
      this.#same(out.shape, [...lead, bounds ? Math.ceil(channels / 32) : channels]);
      this.#bounds(bounds, channels);
    },
  };

  #require(fits: boolean, expected: string, actual: unknown): void {
    if (!fits) this.#refuse(expected, actual);
  }

  #same(shape: readonly number[], expected: readonly number[]): void {
    this.#require(sameShape(shape, expected), `a shape [${expected}]`, shape);
  }

  #type({ dtype }: Typed, ...known: readonly DType[]): void {
    this.#require(
      known[0] === dtype && (known.length === 1 || known.slice(1).includes(dtype)),
      `dtype ${known[0]}`,
      dtype,
    );
  }

  /** A view within its buffer. */
  view(argument: PlanArgument): Typed {
    return checkedView(this.#plan, argument, this.#refuse);
  }

  #whole(view: Typed): Typed {
    const { shape, strides } = view;
    this.#require(isContiguous(shape, strides), 'a view in row-major order', strides);
    return view;
  }

  #out(argument: PlanArgument): Typed {
    return this.#whole(this.view(argument));
  }

  #float(argument: PlanArgument): Typed {
    const view = this.view(argument);
    this.#require(isFloat(view.dtype), 'dtype f32 or f64', view.dtype);
    return view;
  }

  #index(argument: PlanArgument): Typed {
    const view = this.view(argument);
    this.#type(view, 'i32');
    this.#require(view.shape.length === 1, 'indices of one axis', view.shape);
    return view;
  }

  #views(argument: PlanArgument): readonly Typed[] {
    const views = this.#list(argument).map((view) => this.view(view));
    this.#require(views.length > 0, 'at least one view', argument);
    return views;
  }

  #list(argument: PlanArgument): readonly PlanArgument[] {
    return Array.isArray(argument) ? argument : this.#refuse('a list', argument);
  }

  #fields(argument: PlanArgument): Fields {
    return typeof argument === 'object' && argument !== null && !Array.isArray(argument)
      ? (argument as Fields)
      : this.#refuse('an argument with fields', argument);
  }

  #program(argument: PlanArgument): Program {
    const { program } = this.#fields(argument);
    return this.#plan.programs[program as number] ?? this.#refuse('the number of a program', program);
  }

  #numbers(argument: PlanArgument, least: number): void {
    if (typeof argument === 'object' && argument !== null && 'numbers' in argument) {
      const name = argument.numbers as string;
      const known = Object.hasOwn(this.#plan.numbers, name) ? (this.#plan.numbers[name] as number) : -1;
      this.#require(known >= least, `a list of ${least} numbers that is set before a run`, name);
    } else {
      const numbers = this.#list(argument);
      const fits = numbers.length >= least && numbers.every((number) => typeof number === 'number');
      this.#require(fits, `${least} numbers`, numbers);
    }
  }

  /** Rows and columns of a view under so many leading axes. */
  #product(x: Typed, lead: readonly number[], depth: number): void {
    this.#require(lead.length > 0 && lead.length < x.shape.length, 'rows and columns', x.shape);
    this.#same(x.shape.slice(0, lead.length), lead);
    this.#require(sizeOf(x.shape.slice(lead.length)) === depth, `${depth} columns`, x.shape);
  }

  #epilogue(argument: PlanArgument, cols: number, dtype: DType): void {
    if (argument === undefined || argument === null) return;
    const { bias, activation } = this.#fields(argument);
    if (bias !== undefined) {
      const own = this.view(bias);
      this.#type(own, dtype);
      this.#same(own.shape, [cols]);
    }
    if (activation === undefined) return;
    const { slots, outputs, sinks } = this.#program(activation);
    const fits =
      slots.inputs === 1 && slots.stored + slots.uniforms + slots.scalars === 0 && outputs.length === 1;
    this.#require(fits && sinks.length === 0, 'an activation of one input', activation);
  }

  #bounds(argument: PlanArgument, channels: number): void {
    if (argument === undefined || argument === null) return;
    const { least, below } = this.#fields(argument);
    const [values, signs] = [this.#out(least), this.#out(below)];
    this.#type(values, 'f32');
    this.#type(signs, 'i32');
    this.#same(values.shape, [channels]);
    this.#same(signs.shape, [Math.ceil(channels / 32)]);
  }

  #virtual(argument: PlanArgument) {
    const fields = this.#fields(argument);
    const { rows, cols, uniforms, scalars, stored } = fields;
    const program = this.#program(fields.program);
    const count = (n: PlanArgument): boolean =>
      Number.isInteger(n) && (n as number) >= 0 && (n as number) < 2 ** 31;
    this.#require(count(rows) && count(cols), 'extents of a virtual matrix', rows);
    const own = this.#list(stored).map((view) => this.#out(view));
    const { slots, outputs, sinks } = program;
    this.#numbers(scalars, slots.scalars);
    this.#numbers(uniforms, slots.uniforms);
    const words = this.#list(uniforms).every((word) => (word as number) >>> 0 === word);
    const isEntry = slots.inputs === 0 && outputs.length === 1 && sinks.length === 0;
    this.#require(words && isEntry && own.length >= slots.stored, 'the formula of an entry', fields.program);
    const dtype = own[0]?.dtype;
    for (const view of own)
      this.#require(view.dtype === dtype && isFloat(view.dtype), 'stored values of one dtype', view.dtype);
    return { rows: rows as number, cols: cols as number, dtype, slots, stored: own, uniforms, scalars };
  }

  #fold(v: PlanArgument, adjoint: PlanArgument, outs: PlanArgument) {
    const own = this.#virtual(v);
    const { slots, sinks, outputs } = this.#program(adjoint);
    const to = this.#list(outs).map((out) => this.#out(out));
    const fits = slots.inputs === 1 && outputs.length === 0 && slots.stored <= own.stored.length;
    this.#require(fits && to.length === own.stored.length, 'the adjoint of an entry', adjoint);
    this.#numbers(own.scalars, slots.scalars);
    this.#numbers(own.uniforms, slots.uniforms);
    for (const { slot } of sinks) this.#require(slot < to.length, 'sinks into outs', slot);
    to.forEach((out, slot) => {
      this.#type(out, own.dtype ?? 'f32');
      this.#same(out.shape, (own.stored[slot] as Typed).shape);
    });
    return own;
  }
}
