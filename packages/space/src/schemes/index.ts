export { dense } from './dense.ts';
export { funHash } from './fun-hash.ts';
export { hashedNet } from './hashed-net.ts';
export { lowRank } from './low-rank.ts';
export { productHash } from './product-hash.ts';
export { randomEdgeRemoval } from './random-edge-removal.ts';
export { robe } from './robe.ts';
export { tiles } from './tiles.ts';
