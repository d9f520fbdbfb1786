// Updates of weights as bitstreams: what a tuned network differs from its base by.

export { BitstreamError } from './coder/bitstream-error.ts';
export { applyUpdate } from './update/apply-update.ts';
export { baseFingerprint, updateUnits } from './update/base.ts';
export { encodeUpdate, type UpdateOptions } from './update/encode-update.ts';
export { inspectUpdate, type UpdateInspection } from './update/inspect-update.ts';
