import type { Graph, RealOp } from './graph.ts';

type Meaning = (a: number, b: number) => number;

/** What each real operation on one or two reals means, in double precision. */
export const realMeaning = {
  plus: (a, b) => a + b,
  minus: (a, b) => a - b,
  times: (a, b) => a * b,
  over: (a, b) => a / b,
  maximum: Math.max,
  minimum: Math.min,
  negate: (a) => -a,
  tanh: Math.tanh,
  sech: (a) => 1 / Math.cosh(a),
  gatedBy,
  relu: (a) => Math.max(a, 0),
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sqrt: Math.sqrt,
  sin: Math.sin,
  cos: Math.cos,
  abs: Math.abs,
  sign: Math.sign,
  floor: Math.floor,
} as const satisfies Partial<Record<RealOp, Meaning>>;

/** a·σ(z): 0 where σ vanishes, also for infinite a. */
function gatedBy(a: number, z: number): number {
  if (!(z < 0)) return a / (1 + Math.exp(-z));
  const h = Math.exp(z / 2);
  if (h === 0 && Math.abs(a) === Number.POSITIVE_INFINITY) return a > 0 ? 0 : -0;
  return (a * h * h) / (1 + h * h);
}

type PureRealOp = keyof typeof realMeaning;

/** An expression of the precision of the evaluation (f32 or f64). A number operand is a constant. */
export class Real {
  readonly graph: Graph;
  readonly id: number;

  private constructor(graph: Graph, id: number) {
    this.graph = graph;
    this.id = id;
  }

  static from(graph: Graph, id: number): Real {
    return new Real(graph, id);
  }

  static constant(graph: Graph, value: number): Real {
    return new Real(graph, graph.node('real', [], value));
  }

  static select(graph: Graph, word: number, whenTrue: Real | number, whenFalse: Real | number): Real {
    const a = lift(graph, whenTrue);
    const b = lift(graph, whenFalse);
    if (a.id === b.id) return a;
    return new Real(graph, graph.node('select', [word, a.id, b.id]));
  }

  plus(other: Real | number): Real {
    if (this.#isConstant(0)) return lift(this.graph, other);
    if (isZero(this.graph, other)) return this;
    return this.#combine('plus', other);
  }

  minus(other: Real | number): Real {
    if (isZero(this.graph, other)) return this;
    if (this.#isConstant(0)) return lift(this.graph, other).negate();
    return this.#combine('minus', other);
  }

  times(other: Real | number): Real {
    const right = lift(this.graph, other);
    if (this.#isConstant(0) || right.#isConstant(1)) return this;
    if (right.#isConstant(0) || this.#isConstant(1)) return right;
    if (this.#isConstant(-1)) return right.negate();
    if (right.#isConstant(-1)) return this.negate();
    return this.#throughMask(right) ?? right.#throughMask(this) ?? this.#combine('times', right);
  }

  over(other: Real | number): Real {
    const right = lift(this.graph, other);
    if (right.#isConstant(1)) return this;
    return this.#combine('over', right);
  }

  maximum(other: Real | number): Real {
    return this.#combine('maximum', other);
  }

  minimum(other: Real | number): Real {
    return this.#combine('minimum', other);
  }

  negate(): Real {
    const node = this.graph.at(this.id);
    if (node.op === 'negate') return new Real(this.graph, node.args[0] as number);
    return this.#alone('negate');
  }

  /** The hyperbolic tangent. */
  tanh(): Real {
    return this.#alone('tanh');
  }

  /** The hyperbolic secant, 1 / cosh: its square is the derivative of tanh. */
  sech(): Real {
    return this.#alone('sech');
  }

  /** The logistic function σ of this value, 1 / (1 + e^−x). */
  logistic(): Real {
    return Real.constant(this.graph, 1).gatedBy(this);
  }

  /** This value times the logistic function of `z`: what σ(z) alone would lose where it is tiny and this is large stays. */
  gatedBy(z: Real): Real {
    return this.#combine('gatedBy', z);
  }

  relu(): Real {
    return this.#alone('relu');
  }

  exp(): Real {
    return this.#alone('exp');
  }

  /** e^x − 1, to all digits near 0. */
  expm1(): Real {
    return this.#alone('expm1');
  }

  log(): Real {
    return this.#alone('log');
  }

  /** log (1 + x), to all digits near 0. */
  log1p(): Real {
    return this.#alone('log1p');
  }

  sqrt(): Real {
    return this.#alone('sqrt');
  }

  sin(): Real {
    return this.#alone('sin');
  }

  cos(): Real {
    return this.#alone('cos');
  }

  abs(): Real {
    return this.#alone('abs');
  }

  /** −1, 0 or +1; its derivative is 0. */
  sign(): Real {
    return this.#alone('sign');
  }

  /** Derivative 0. */
  floor(): Real {
    return this.#alone('floor');
  }

  /** 1 / this. */
  inverse(): Real {
    return Real.constant(this.graph, 1).over(this);
  }

  /** `whenPositive` where this > 0, else `otherwise`; no gradient flows through the condition. */
  ifPositive(whenPositive: Real | number, otherwise: Real | number): Real {
    const a = lift(this.graph, whenPositive);
    const b = lift(this.graph, otherwise);
    if (a.id === b.id) return a;
    return new Real(this.graph, this.graph.node('ifPositive', [this.id, a.id, b.id]));
  }

  /**
   * This value with the gradient of another expression: how what has no useful derivative is trained, for example by the
   * straight-through estimator, `x.floor().withGradientOf(x)`.
   */
  withGradientOf(other: Real): Real {
    this.graph.requireOwn(other);
    if (this.id === other.id) return this;
    return new Real(this.graph, this.graph.node('surrogate', [this.id, other.id]));
  }

  #isConstant(value: number): boolean {
    const node = this.graph.at(this.id);
    return node.op === 'real' && node.value === value;
  }

  // A product with a 0/1 mask is a choice, not a multiplication: (c ? 1 : 0)·x is c ? x : 0.
  #throughMask(other: Real): Real | undefined {
    const node = this.graph.at(this.id);
    if (node.op !== 'select' && node.op !== 'ifPositive') return undefined;
    const branches = node.args.slice(1).map((id) => this.graph.at(id));
    if (!branches.every((branch) => branch.op === 'real' && (branch.value === 0 || branch.value === 1)))
      return undefined;
    const [a, b] = branches.map((branch) => other.times(branch.value)) as [Real, Real];
    return new Real(this.graph, this.graph.node(node.op, [node.args[0] as number, a.id, b.id]));
  }

  #combine(op: PureRealOp, other: Real | number): Real {
    const right = lift(this.graph, other);
    const a = this.graph.at(this.id);
    const b = this.graph.at(right.id);
    if (a.op === 'real' && b.op === 'real')
      return Real.constant(this.graph, realMeaning[op](a.value, b.value));
    return new Real(this.graph, this.graph.node(op, [this.id, right.id]));
  }

  #alone(op: PureRealOp): Real {
    const node = this.graph.at(this.id);
    if (node.op === 'real')
      return Real.constant(this.graph, (realMeaning[op] as (a: number) => number)(node.value));
    return new Real(this.graph, this.graph.node(op, [this.id]));
  }
}

function lift(graph: Graph, value: Real | number): Real {
  if (typeof value === 'number') return Real.constant(graph, value);
  graph.requireOwn(value);
  return value;
}

function isZero(graph: Graph, value: Real | number): boolean {
  if (typeof value === 'number') return value === 0;
  graph.requireOwn(value);
  const node = graph.at(value.id);
  return node.op === 'real' && node.value === 0;
}
