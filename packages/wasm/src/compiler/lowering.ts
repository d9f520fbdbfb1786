import type { Node, Program } from '@funhash/formula';
import type { Code, Local } from '../assembler/code.ts';
import type { FunctionBuilder } from '../assembler/module-builder.ts';
import type { Instructions } from '../gemm/micro-kernel.ts';
import type { Degrees, Dependence } from './dependence.ts';
import { Constants, Vector } from './vector.ts';

/** The place of code: before all loops, within the outer loop, within the inner loop. */
export type Site = 0 | 1 | 2;

/** What the loops around a program give to it. */
export interface Surroundings {
  /** The place where a value that varies so is computed. */
  siteOf(degrees: Degrees): Site;
  /** Pushes the value of a coordinate: of lane 0, or of a step. */
  pushCoordinate(op: 'row' | 'col', step: number, code: Code): void;
  /** The coordinate along the lanes. */
  coordinates(half: number): Local;
  /** Loads an operand: a splat where it is the same for all lanes. */
  input(slot: number, step: number, half: number, code: Code): Local;
  pushUniform(slot: number, code: Code): void;
  pushScalar(slot: number, code: Code): void;
  /** The address of a stored array. */
  storedBase(slot: number): Local;
}

export interface LoweringOptions {
  readonly program: Program;
  readonly dependence: Dependence;
  readonly surroundings: Surroundings;
  readonly made: FunctionBuilder;
  readonly instructions: Instructions;
  readonly sites: readonly [Code, Code, Code];
  readonly halves: number;
  readonly unroll: number;
}

/**
 * The state of writing one program as SIMD code: a piece of code for each site, and the local that holds each value
 * already computed. A value is computed on first demand, at the outermost site where it is known.
 *
 * A word has up to three forms: one i32 (its value at lane 0), vectors (its value in each lane), a mask (all bits
 * set where it is not 0). A real is a vector for each half of a strip: the same local where lanes do not differ.
 */
export class Lowering {
  readonly program: Program;
  readonly dependence: Dependence;
  readonly surroundings: Surroundings;
  readonly made: FunctionBuilder;
  readonly instructions: Instructions;
  readonly constants: Constants;
  /** Vectors in a strip. */
  readonly halves: number;
  /** Steps in a block. */
  readonly unroll: number;
  readonly #sites: readonly [Code, Code, Code];
  readonly #known = new Map<string, Local>();
  readonly #blocks = new Map<string, readonly Local[]>();
  readonly #bases = new Map<Local, Local>();
  readonly #outer: Lowering | undefined;

  constructor(options: LoweringOptions, outer?: Lowering) {
    this.program = options.program;
    this.dependence = options.dependence;
    this.surroundings = options.surroundings;
    this.made = options.made;
    this.instructions = options.instructions;
    this.halves = options.halves;
    this.unroll = options.unroll;
    this.#sites = options.sites;
    this.constants = outer?.constants ?? new Constants(options.made, options.sites[0]);
    this.#outer = outer;
  }

  node(id: number): Node {
    return this.program.graph.at(id);
  }

  /** True where the value differs from lane to lane. */
  varies(id: number): boolean {
    return this.dependence.of(id).lane === 2;
  }

  siteOf(id: number): Site {
    return this.surroundings.siteOf(this.dependence.of(id));
  }

  codeAt(site: Site): Code {
    return this.#sites[site];
  }

  vectorAt(site: Site): Vector {
    return new Vector(this.made, this.codeAt(site), this.instructions, this.constants);
  }

  /** The value named by `form`, node, step and half; written by `write` at the node's site where it is new. */
  once(form: string, id: number, step: number, half: number, write: (v: Vector) => Local): Local {
    const site = this.siteOf(id);
    const own = this.dependence.of(id).step === 2 ? step : 0;
    const key = `${form}${id}:${own}:${half}`;
    const known = this.#find(key, site);
    if (known !== undefined) return known;
    const local = write(this.vectorAt(site));
    this.#keep(key, site, local);
    return local;
  }

  /** Values of a whole block of steps, written within the inner loop where they are new. */
  block(key: string, write: (v: Vector) => readonly Local[]): readonly Local[] {
    const known = this.#blocks.get(key) ?? write(this.vectorAt(2));
    this.#blocks.set(key, known);
    return known;
  }

  /** The address of a stored array in each lane. */
  splatOfBase(base: Local): Local {
    const known = this.#bases.get(base) ?? this.vectorAt(0).splat(base);
    this.#bases.set(base, known);
    return known;
  }

  // What is computed outside of the inner loop is shared with the lowering of another inner loop in its place.
  #find(key: string, site: Site): Local | undefined {
    if (site < 2 && this.#outer) return this.#outer.#find(key, site);
    return this.#known.get(key);
  }

  #keep(key: string, site: Site, local: Local): void {
    if (site < 2 && this.#outer) this.#outer.#keep(key, site, local);
    else this.#known.set(key, local);
  }
}
