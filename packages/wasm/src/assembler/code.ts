import { ByteBuffer } from './byte-buffer.ts';
import {
  type LaneOp,
  laneOps,
  type MemoryLaneOp,
  type MemoryOp,
  memoryLaneOps,
  memoryOps,
  type PlainOp,
  plainOps,
} from './opcodes.ts';

/** The number of a local variable or parameter of a function. */
export type Local = number & { readonly local: unique symbol };

/** The place that a branch goes to: the depth of the block or loop it names. */
export type Label = number & { readonly label: unique symbol };

const emptyBlock = 0x40;

/**
 * A sequence of instructions, written in the order of the stack machine. Several sequences can be written side by
 * side and appended to one another, so that what belongs before a loop can be written while its body is.
 */
export class Code {
  readonly #bytes = new ByteBuffer();
  #depth = 0;
  readonly #callees = new Set<number>();

  /** Numbers of the functions that it calls. */
  get callees(): ReadonlySet<number> {
    return this.#callees;
  }

  get bytes(): Uint8Array {
    return this.#bytes.bytes;
  }

  op(name: PlainOp): this {
    this.#opcode(plainOps[name]);
    return this;
  }

  get(...locals: readonly Local[]): this {
    for (const local of locals) this.#index(0x20, local);
    return this;
  }

  set(local: Local): this {
    return this.#index(0x21, local);
  }

  tee(local: Local): this {
    return this.#index(0x22, local);
  }

  /** Adds a constant to an i32. */
  increase(local: Local, by: number): this {
    return this.get(local).i32(by).op('i32.add').set(local);
  }

  /** Adds one i32 to another. */
  advance(local: Local, by: Local): this {
    return this.get(local, by).op('i32.add').set(local);
  }

  /** Leaves 1 where an i32, unsigned, is not less than a constant. */
  atLeast(local: Local, least: number): this {
    return this.get(local).i32(least).op('i32.ge_u');
  }

  i32(value: number): this {
    this.#bytes.byte(0x41);
    this.#bytes.signed(value);
    return this;
  }

  i64(value: number): this {
    this.#bytes.byte(0x42);
    this.#bytes.signed(value);
    return this;
  }

  f32(value: number): this {
    this.#bytes.byte(0x43);
    this.#bytes.append(new Uint8Array(new Float32Array([value]).buffer));
    return this;
  }

  /** A v128 constant of the 16 bytes of `lanes`. */
  v128(lanes: Float32Array | Float64Array | Int32Array): this {
    this.#opcode(0xfd_000c);
    this.#bytes.append(new Uint8Array(lanes.buffer, lanes.byteOffset, 16));
    return this;
  }

  memory(name: MemoryOp, offset = 0): this {
    const { code, align } = memoryOps[name];
    return this.#access(code, align, offset);
  }

  memoryLane(name: MemoryLaneOp, lane: number, offset = 0): this {
    const { code, align } = memoryLaneOps[name];
    this.#access(code, align, offset);
    this.#bytes.byte(lane);
    return this;
  }

  lane(name: LaneOp, lane: number): this {
    this.#opcode(laneOps[name]);
    this.#bytes.byte(lane);
    return this;
  }

  /** Takes the 32-bit lanes `lanes` (0–3 of the first operand, 4–7 of the second). */
  shuffle(...lanes: readonly [number, number, number, number]): this {
    this.#opcode(0xfd_000d);
    for (const lane of lanes) for (let byte = 0; byte < 4; byte++) this.#bytes.byte(lane * 4 + byte);
    return this;
  }

  /** memory.copy of (to, from, byte count). */
  memoryCopy(): this {
    this.#opcode(0xfc_000a);
    this.#bytes.byte(0);
    this.#bytes.byte(0);
    return this;
  }

  /** memory.fill of (address, byte, byte count). */
  memoryFill(): this {
    this.#opcode(0xfc_000b);
    this.#bytes.byte(0);
    return this;
  }

  call(functionIndex: number): this {
    this.#callees.add(functionIndex);
    return this.#index(0x10, functionIndex);
  }

  /** `body` may branch to its label, the end of the block. */
  block(body: (end: Label) => void): this {
    return this.#structured(0x02, body);
  }

  /** `body` may branch to its label, the start of the loop. */
  loop(body: (again: Label) => void): this {
    return this.#structured(0x03, body);
  }

  /** Takes the condition from the stack. */
  if(whenTrue: () => void, otherwise?: () => void): this {
    return this.#structured(0x04, () => {
      whenTrue();
      if (!otherwise) return;
      this.#bytes.byte(0x05);
      otherwise();
    });
  }

  /**
   * Repeats `body` while `condition` leaves a non-zero i32. The form `loop { if { …; br } }` is the one for which
   * V8 of Node 20 and 22 keeps accumulators in registers.
   */
  while(condition: () => void, body: () => void): this {
    return this.loop((again) => {
      condition();
      this.if(() => {
        body();
        this.branch(again);
      });
    });
  }

  /** Repeats `body` as often as `counter` says, counting it down to 0. */
  repeat(counter: Local, body: () => void): this {
    return this.while(
      () => this.get(counter),
      () => {
        body();
        this.increase(counter, -1);
      },
    );
  }

  branch(to: Label): this {
    return this.#index(0x0c, this.#depth - to);
  }

  append(other: Code): this {
    this.#bytes.append(other.bytes);
    for (const callee of other.callees) this.#callees.add(callee);
    return this;
  }

  #structured(opcode: number, body: (label: Label) => void): this {
    this.#bytes.byte(opcode);
    this.#bytes.byte(emptyBlock);
    this.#depth++;
    body(this.#depth as Label);
    this.#depth--;
    this.#bytes.byte(0x0b);
    return this;
  }

  #opcode(code: number): void {
    if (code > 0xff) {
      this.#bytes.byte(code >>> 16);
      this.#bytes.unsigned(code & 0xffff);
    } else this.#bytes.byte(code);
  }

  #access(code: number, align: number, offset: number): this {
    this.#opcode(code);
    this.#bytes.unsigned(align);
    this.#bytes.unsigned(offset);
    return this;
  }

  #index(opcode: number, index: number): this {
    this.#bytes.byte(opcode);
    this.#bytes.unsigned(index);
    return this;
  }
}
