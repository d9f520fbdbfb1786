/**
 * Whether these are weights of 3 × 3, or what such are decoded from. Those of bands, few and of very different sizes, are kept as they are,
 * and so are the factors of levels.
 */
export const isCoded = (name: string): boolean => /^\d\.\d+\.weight\.(?!scale$|step$)\w+$/.test(name);
