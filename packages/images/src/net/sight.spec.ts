import { Conv2d, Dense, Sequential } from '@funhash/layers';
import { expect, test } from 'vitest';
import { artifactNet } from './artifact-net.ts';
import { overlapOf } from './sight.ts';

const conv = (kernelSize: number, more: object = {}) =>
  new Conv2d({ in: 1, out: 1, kernelSize, padding: 'same', ...more });

test.each([
  // Five convolutions of luma; of chroma three at half the resolution, into which and out of which a pixel is seen each.
  ['the usual network', artifactNet(), 8, 2],
  ['a deep one', artifactNet({ depth: 20 }), 20, 2],
  ['with much chroma', artifactNet({ chromaDepth: 9 }), 20, 2],
  ['wide windows', new Sequential([conv(5), conv(3, { dilation: 4 })]), 6, 1],
  ['one pixel', new Sequential([conv(1)]), 0, 1],
  ['layers that are not known', new Sequential([new Dense({ in: 5, out: 3 })]), 16, 2],
] as const)('tiles overlap by what is seen: %s', (_, net, overlap, grain) => {
  expect(overlapOf(net)).toEqual({ overlap, grain });
});
