import * as record from './index.ts';

/** All storage formats by id, those of most bits first, as far as readers need them. */
export const tensorDecoders = /* @__PURE__ */ byBits();

function byBits(): typeof record {
  return Object.fromEntries(Object.entries(record).sort(([, a], [, b]) => b.bits - a.bits)) as typeof record;
}
