/** Width and height of every image of the benchmark. */
export const side = 28;
