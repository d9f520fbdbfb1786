/** A matrix in linear memory: element (i, j) at address + i·rowStride + j·colStride, strides in bytes. */
export interface Matrix {
  readonly address: number;
  readonly rowStride: number;
  readonly colStride: number;
}
