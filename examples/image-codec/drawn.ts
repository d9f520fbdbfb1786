/** A picture to begin with: what JPEG is bad at, edges, letters and colours side by side. */
export function drawn(width = 384, height = 256): OffscreenCanvas {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;
  const sky = context.createLinearGradient(0, 0, 0, height);
  sky.addColorStop(0, '#20406a');
  sky.addColorStop(0.6, '#f0b080');
  sky.addColorStop(1, '#403020');
  context.fillStyle = sky;
  context.fillRect(0, 0, width, height);
  for (let k = 0; k < 9; k++) {
    context.fillStyle = `hsl(${40 * k} 60% ${35 + 4 * k}%)`;
    context.beginPath();
    context.moveTo(0.11 * k * width, 0.95 * height);
    context.lineTo(0.11 * (k + 0.5) * width, (0.35 + 0.04 * (k % 3)) * height);
    context.lineTo(0.11 * (k + 1) * width, 0.95 * height);
    context.fill();
  }
  context.fillStyle = '#fff4c0';
  context.beginPath();
  context.arc(0.78 * width, 0.24 * height, 0.1 * height, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = '#fff';
  context.font = `bold ${Math.round(0.13 * height)}px sans-serif`;
  context.fillText('funhash', 0.06 * width, 0.22 * height);
  return canvas;
}
