// A drawing as the digits of MNIST are: in a box of 20 × 20 pixels, its centre of mass in the middle of 28 × 28, light on black.
const side = 28;
const box = 20;

export function digitOf(canvas: HTMLCanvasElement): Float32Array | undefined {
  const { width, height } = canvas;
  const context = canvas.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D;
  const { data } = context.getImageData(0, 0, width, height);
  const ink = (x: number, y: number): number => data[4 * (y * width + x) + 3] as number;
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      if (ink(x, y) > 0) {
        [left, right] = [Math.min(left, x), Math.max(right, x)];
        [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
      }
  if (right < 0) return undefined;
  const scale = box / Math.max(right - left + 1, bottom - top + 1);
  // Drawn twice: for the centre of mass, then about it.
  const drawn = (x: number, y: number): Float32Array => {
    const small = new OffscreenCanvas(side, side).getContext('2d') as OffscreenCanvasRenderingContext2D;
    small.imageSmoothingQuality = 'high';
    small.setTransform(scale, 0, 0, scale, x, y);
    small.drawImage(canvas, -left, -top);
    const pixels = small.getImageData(0, 0, side, side).data;
    return Float32Array.from({ length: side * side }, (_, k) => (pixels[4 * k + 3] as number) / 255);
  };
  const first = drawn(4, 4);
  let [sum, x, y] = [0, 0, 0];
  first.forEach((value, k) => {
    sum += value;
    x += value * ((k % side) + 0.5);
    y += value * (Math.floor(k / side) + 0.5);
  });
  return sum === 0 ? undefined : drawn(4 + side / 2 - x / sum, 4 + side / 2 - y / sum);
}
