/** What `schemeLaws` checks. */
export const schemeLawNames = [
  'tile',
  'words',
  'huge',
  'seeds',
  'spec',
  'sizes',
  'reach',
  'variance',
  'projection',
  'adjoint',
  'second',
  'additive',
  'fused',
  'policies',
  'apply',
] as const;

/** The name of a law of schemes. */
export type SchemeLawName = (typeof schemeLawNames)[number];
