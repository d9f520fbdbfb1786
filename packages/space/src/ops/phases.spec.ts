import { planWindows } from '@funhash/autodiff/op-parts';
import { sizeOf, zeros } from '@funhash/tensor';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { listOfPlaces } from '../kernel-places.ts';
import { byPhases } from './phases.ts';

const axes = 2;
const list = (least: number, most: number) =>
  fc.array(fc.integer({ min: least, max: most }), { minLength: axes, maxLength: axes });

test('phases multiply what meets, and nothing else', () => {
  fc.assert(
    fc.property(
      list(1, 9),
      list(1, 4),
      list(1, 4),
      list(1, 3),
      list(0, 2),
      (extents, kernel, stride, dilation, padding) => {
        const spatial = extents.map(
          (extent, axis) =>
            extent + Math.max(0, ((kernel[axis] as number) - 1) * (dilation[axis] as number) + 1 - extent),
        );
        const shape = [1, ...spatial, 1];
        const plan = planWindows('test', shape, { kernel, stride, dilation, padding });
        let products = 0;
        let elements = 0;
        byPhases(zeros([1, ...plan.out, 1]), shape, plan, (source, phase) => {
          const places = listOfPlaces(phase.places);
          expect(places).toHaveLength(sizeOf(phase.plan.kernel));
          expect(places.every((place) => place >= 0 && place < sizeOf(kernel))).toBe(true);
          expect(source.shape.slice(1, -1)).toEqual(phase.plan.padded);
          products += sizeOf(phase.plan.out) * places.length;
          elements += sizeOf(phase.plan.out);
          return zeros([1, ...phase.plan.out, 1]);
        });
        // Along each axis: pairs of an element and a place whose distance the stride divides.
        const meetings = spatial.map((extent, axis) => {
          const [before] = plan.padding[axis] as readonly [number, number];
          let count = 0;
          for (let i = 0; i < extent; i++)
            for (let k = 0; k < (kernel[axis] as number); k++)
              if ((i + before - k * (dilation[axis] as number)) % (stride[axis] as number) === 0) count++;
          return count;
        });
        expect(products).toBe(sizeOf(meetings));
        expect(elements).toBeLessThanOrEqual(sizeOf(spatial));
      },
    ),
    { seed: 45, numRuns: 200 },
  );
});
