// The entropy coder of networks, alone: what packs, updates and storage formats stand on.

export { BinReader } from './coder/bin-reader.ts';
export { BinWriter } from './coder/bin-writer.ts';
export { BitstreamError } from './coder/bitstream-error.ts';
export { CodewordReader } from './coder/codeword-reader.ts';
export { CodewordWriter } from './coder/codeword-writer.ts';
export { type LevelStatistics, levelStatistics } from './coder/level-statistics.ts';
export type { LevelOptions, WritingOptions } from './coder/levels/level-options.ts';
export type { Scan } from './coder/levels/scan.ts';
export {
  type Codebook,
  decodeCodebook,
  encodeCodebook,
  fromCodebook,
  toCodebook,
} from './coder/quantize/codebook.ts';
export { quantizeDependent } from './coder/quantize/dependent.ts';
export type { QuantizeOptions } from './coder/quantize/quantize-options.ts';
export { dequantizeLevels, stepOf } from './coder/quantize/step.ts';
export { quantizeUniform } from './coder/quantize/uniform.ts';
