/** Pixels, [height, width, channels]. */
interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * The middle square of a picture, scaled to a side: each new pixel is the mean of the area that it covers, so that large
 * pictures keep what single pixels of them would miss.
 *
 * @param channels of the result; of pictures with three, one is the luma of Rec. 601
 * @returns [side, side, channels]
 */
export function resized({ width, height, data }: Pixels, side: number, channels: 1 | 3): Uint8Array {
  const given = data.length / (width * height);
  const square = Math.min(width, height);
  const [left, top] = [Math.floor((width - square) / 2), Math.floor((height - square) / 2)];
  const out = new Uint8Array(side * side * channels);
  const sums = [0, 0, 0];
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      sums.fill(0);
      let area = 0;
      const [y0, y1] = [(y * square) / side, ((y + 1) * square) / side];
      const [x0, x1] = [(x * square) / side, ((x + 1) * square) / side];
      for (let row = Math.floor(y0); row < y1; row++)
        for (let column = Math.floor(x0); column < x1; column++) {
          const weight =
            (Math.min(row + 1, y1) - Math.max(row, y0)) * (Math.min(column + 1, x1) - Math.max(column, x0));
          const at = ((top + row) * width + left + column) * given;
          for (let c = 0; c < 3; c++)
            sums[c] = (sums[c] as number) + weight * (data[at + (given >= 3 ? c : 0)] as number);
          area += weight;
        }
      const [r, g, b] = sums.map((sum) => sum / area) as [number, number, number];
      const to = (y * side + x) * channels;
      if (channels === 3) out.set([Math.round(r), Math.round(g), Math.round(b)], to);
      else out[to] = given >= 3 ? Math.round(0.299 * r + 0.587 * g + 0.114 * b) : Math.round(r);
    }
  return out;
}
