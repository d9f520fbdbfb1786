import { expect, test } from 'vitest';
import fixtures from './warp.fixtures.json' with { type: 'json' };
import { turnBy, warpImage } from './warp.ts';

const none = { x: 0, y: 0, side: 0 };

test.each(fixtures)('as scipy: flip $flip, $degrees°, move $move, fill $fill', (fixture) => {
  const { flip, degrees, fill, image, warped } = fixture;
  const [height, width, channels] = fixture.size as [number, number, number];
  const move = fixture.move as [number, number];
  const to = new Float32Array(image.length);
  const warp = { flip, turn: turnBy(degrees), move, cutout: none, fill };
  warpImage(Float32Array.from(image), to, { height, width, channels }, warp);
  to.forEach((value, k) => {
    expect(Math.abs(value - (warped[k] as number))).toBeLessThan(1e-6);
  });
});

test('bytes are rounded to the nearest', () => {
  const to = new Uint8Array(4);
  const size = { height: 1, width: 4, channels: 1 };
  // Half a turn and a half pixel: between neighbours, at the border between the last pixel and the fill.
  const warp = { flip: false, turn: [-1, 1e-17] as const, move: [0, 0] as const, cutout: none, fill: 0 };
  warpImage(Uint8Array.of(1, 2, 3, 5), to, size, warp);
  expect([...to]).toEqual([5, 3, 2, 1]);
  warpImage(
    Uint8Array.of(0, 255),
    to.subarray(0, 2),
    { ...size, width: 2 },
    { ...warp, turn: [0.98, 1e-17] },
  );
  expect([...to.subarray(0, 2)]).toEqual([3, 252]);
});

test('a square is painted over, cut off at the border', () => {
  const painted = (x: number, y: number, side: number) => {
    const to = new Uint8Array(20);
    const size = { height: 4, width: 5, channels: 1 };
    const cutout = { x, y, side };
    warpImage(new Uint8Array(20).fill(1), to, size, {
      flip: false,
      turn: [1, 0],
      move: [0, 0],
      cutout,
      fill: 7,
    });
    return to.join('').replace(/.{5}/g, '$& ').trim();
  };
  expect(painted(2, 1, 3)).toBe('17771 17771 17771 11111');
  expect(painted(0, 0, 2)).toBe('71111 11111 11111 11111');
  expect(painted(4, 3, 3)).toBe('11111 11111 11177 11177');
  expect(painted(1, 1, 1)).toBe('11111 17111 11111 11111');
});

test('cosine and sine', () => {
  for (let degrees = -180; degrees <= 180; degrees += 7.5) {
    const [cos, sin] = turnBy(degrees);
    expect(Math.abs(cos - Math.cos((degrees * Math.PI) / 180))).toBeLessThan(1e-10);
    expect(Math.abs(sin - Math.sin((degrees * Math.PI) / 180))).toBeLessThan(1e-10);
  }
  expect(turnBy(0)).toEqual([1, 0]);
});
