/**
 * The instructions that this package emits, by their names in the WebAssembly specification. Values above 0xff carry
 * their prefix byte in bits 16 and up: 0xfc bulk memory, 0xfd SIMD (relaxed SIMD from 0x100 on).
 */

const simd = (code: number): number => 0xfd_0000 | code;

/** Instructions without immediates. */
export const plainOps = {
  'i32.eqz': 0x45,
  'i32.eq': 0x46,
  'i32.ne': 0x47,
  'i32.lt_u': 0x49,
  'i32.gt_u': 0x4b,
  'i32.le_u': 0x4d,
  'i32.ge_u': 0x4f,
  'f32.eq': 0x5b,
  'f32.ge': 0x60,
  'i32.popcnt': 0x69,
  'i32.add': 0x6a,
  'i32.sub': 0x6b,
  'i32.mul': 0x6c,
  'i32.div_u': 0x6e,
  'i32.rem_u': 0x70,
  'i32.and': 0x71,
  'i32.or': 0x72,
  'i32.xor': 0x73,
  'i32.shl': 0x74,
  'i32.shr_u': 0x76,
  'i32.rotl': 0x77,
  select: 0x1b,
  'i64.mul': 0x7e,
  'i64.shr_u': 0x88,
  'f32.add': 0x92,
  'f32.sub': 0x93,
  'f32.mul': 0x94,
  'f32.min': 0x96,
  'f32.max': 0x97,
  'f64.add': 0xa0,
  'i32.wrap_i64': 0xa7,
  'i64.extend_i32_u': 0xad,
  'f32.demote_f64': 0xb6,
  'f64.promote_f32': 0xbb,
  'i8x16.swizzle': simd(0x0e),
  'i32x4.splat': simd(0x11),
  'f32x4.splat': simd(0x13),
  'i32x4.eq': simd(0x37),
  'i32x4.ne': simd(0x38),
  'i32x4.lt_u': simd(0x3a),
  'f32x4.eq': simd(0x41),
  'f32x4.lt': simd(0x43),
  'f32x4.gt': simd(0x44),
  'f32x4.ge': simd(0x46),
  'v128.and': simd(0x4e),
  'v128.or': simd(0x50),
  'v128.xor': simd(0x51),
  'v128.bitselect': simd(0x52),
  'f32x4.demote_f64x2_zero': simd(0x5e),
  'f64x2.promote_low_f32x4': simd(0x5f),
  'i8x16.popcnt': simd(0x62),
  'f32x4.floor': simd(0x68),
  'f32x4.nearest': simd(0x6a),
  'i8x16.add': simd(0x6e),
  'i16x8.extadd_pairwise_i8x16_u': simd(0x7d),
  'i32x4.extadd_pairwise_i16x8_u': simd(0x7f),
  'i16x8.extend_low_i8x16_u': simd(0x89),
  'i16x8.extend_high_i8x16_u': simd(0x8a),
  'i16x8.add': simd(0x8e),
  'f64x2.nearest': simd(0x94),
  'i32x4.bitmask': simd(0xa4),
  'i32x4.shl': simd(0xab),
  'i32x4.shr_s': simd(0xac),
  'i32x4.shr_u': simd(0xad),
  'i32x4.add': simd(0xae),
  'i32x4.sub': simd(0xb1),
  'i32x4.mul': simd(0xb5),
  'i32x4.min_u': simd(0xb7),
  'i32x4.max_u': simd(0xb9),
  'i64x2.extmul_low_i32x4_u': simd(0xde),
  'i64x2.extmul_high_i32x4_u': simd(0xdf),
  'f32x4.abs': simd(0xe0),
  'f32x4.neg': simd(0xe1),
  'f32x4.sqrt': simd(0xe3),
  'f32x4.add': simd(0xe4),
  'f32x4.sub': simd(0xe5),
  'f32x4.mul': simd(0xe6),
  'f32x4.div': simd(0xe7),
  'f32x4.min': simd(0xe8),
  'f32x4.max': simd(0xe9),
  'f32x4.pmin': simd(0xea),
  'f32x4.pmax': simd(0xeb),
  'f64x2.add': simd(0xf0),
  'f64x2.sub': simd(0xf1),
  'f64x2.mul': simd(0xf2),
  'f64x2.div': simd(0xf3),
  'i32x4.trunc_sat_f32x4_s': simd(0xf8),
  'f32x4.convert_i32x4_s': simd(0xfa),
  'f32x4.convert_i32x4_u': simd(0xfb),
  'i32x4.trunc_sat_f64x2_s_zero': simd(0xfc),
  'i32x4.trunc_sat_f64x2_u_zero': simd(0xfd),
  'f64x2.convert_low_i32x4_u': simd(0xff),
  'i8x16.relaxed_swizzle': simd(0x100),
  'f32x4.relaxed_madd': simd(0x105),
} as const;

/** Instructions that take an address from the stack and an offset as immediate; with the natural alignment, log2. */
export const memoryOps = {
  'i32.load': { code: 0x28, align: 2 },
  'f32.load': { code: 0x2a, align: 2 },
  'i32.load8_u': { code: 0x2d, align: 0 },
  'i32.load16_u': { code: 0x2f, align: 1 },
  'i32.store': { code: 0x36, align: 2 },
  'f32.store': { code: 0x38, align: 2 },
  'i32.store8': { code: 0x3a, align: 0 },
  'v128.load': { code: simd(0x00), align: 2 },
  'v128.load32_splat': { code: simd(0x09), align: 2 },
  'v128.store': { code: simd(0x0b), align: 2 },
  'v128.load32_zero': { code: simd(0x5c), align: 2 },
} as const;

/** Memory instructions with a lane number as second immediate, else as `memoryOps`. */
export const memoryLaneOps = {
  'v128.load32_lane': { code: simd(0x56), align: 2 },
  'v128.store32_lane': { code: simd(0x5a), align: 2 },
  'v128.store64_lane': { code: simd(0x5b), align: 2 },
} as const;

/** Instructions with a lane number as immediate. */
export const laneOps = {
  'i32x4.extract_lane': simd(0x1b),
  'f32x4.extract_lane': simd(0x1f),
  'f64x2.extract_lane': simd(0x21),
} as const;

export type PlainOp = keyof typeof plainOps;
export type MemoryOp = keyof typeof memoryOps;
export type MemoryLaneOp = keyof typeof memoryLaneOps;
export type LaneOp = keyof typeof laneOps;

export const valueTypes = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;
export type ValueType = keyof typeof valueTypes;
