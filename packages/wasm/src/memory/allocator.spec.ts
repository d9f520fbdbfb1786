import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Allocator, blockBytes } from './allocator.ts';

describe('Allocator', () => {
  const requests = fc.array(
    fc.oneof(
      fc.record({ bytes: fc.integer({ min: 0, max: 5000 }) }),
      fc.record({ free: fc.nat({ max: 100 }) }),
    ),
    { maxLength: 200 },
  );

  test('blocks are aligned, never overlap, and stay below the end that was reserved', () => {
    fc.assert(
      fc.property(requests, (steps) => {
        const allocator = new Allocator(1024);
        let reserved = 1024;
        const live: { address: number; bytes: number }[] = [];
        for (const step of steps) {
          if ('bytes' in step) {
            const address = allocator.allocate(step.bytes, (end) => {
              reserved = Math.max(reserved, end);
            });
            expect(address % 64).toBe(0);
            expect(address).toBeGreaterThanOrEqual(1024);
            expect(address + step.bytes).toBeLessThanOrEqual(reserved);
            for (const other of live)
              expect(address >= other.address + other.bytes || other.address >= address + step.bytes).toBe(
                true,
              );
            live.push({ address, bytes: Math.max(1, step.bytes) });
          } else if (live.length > 0) {
            const [block] = live.splice(step.free % live.length, 1) as [{ address: number; bytes: number }];
            allocator.free(block.address, block.bytes);
          }
        }
        expect(allocator.usedBytes).toBe(live.reduce((sum, { bytes }) => sum + blockBytes(bytes), 0));
      }),
      { seed: 1 },
    );
  });

  test('the same requests again need no more room', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1e6 }), { minLength: 1, maxLength: 50 }), (sizes) => {
        const allocator = new Allocator(0);
        const round = (): void => {
          const blocks = sizes.map((bytes) => [allocator.allocate(bytes, () => {}), bytes] as const);
          for (const [address, bytes] of blocks) allocator.free(address, bytes);
        };
        round();
        const { end } = allocator;
        for (let k = 0; k < 5; k++) round();
        expect(allocator.end).toBeLessThanOrEqual(end);
        expect(allocator.usedBytes).toBe(0);
      }),
      { seed: 2 },
    );
  });

  test('small free neighbours are joined for a larger request', () => {
    const allocator = new Allocator(0);
    const small = Array.from({ length: 100 }, () => allocator.allocate(640, () => {}));
    const keeper = allocator.allocate(64, () => {});
    for (const address of small) allocator.free(address, 640);
    const { end } = allocator;
    allocator.allocate(60000, () => {});
    expect(allocator.end).toBe(end);
    allocator.free(keeper, 64);
  });

  test('a refused reservation leaves the books as they were', () => {
    const allocator = new Allocator(0);
    const refuse = (): never => {
      throw new Error('full');
    };
    expect(() => allocator.allocate(100, refuse)).toThrow('full');
    expect(allocator.usedBytes).toBe(0);
    expect(allocator.end).toBe(0);
  });
});
