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
    const small = Array.from({ length: 100 }, () => allocator.allocate(64_000, () => {}));
    const keeper = allocator.allocate(64, () => {});
    for (const address of small) allocator.free(address, 64_000);
    const { end } = allocator;
    allocator.allocate(6_000_000, () => {});
    expect(allocator.end).toBe(end);
    allocator.free(keeper, 64);
  });

  test('steps of equal requests get equal addresses, passing blocks among them', () => {
    const request = fc.record({ bytes: fc.integer({ min: 1, max: 3000 }), passes: fc.boolean() });
    fc.assert(
      fc.property(fc.array(request, { maxLength: 40 }), (requests) => {
        const allocator = new Allocator(0);
        const step = (): number[] => {
          const addresses = requests.map(({ bytes, passes }) => {
            const address = allocator.allocate(bytes, () => {});
            if (passes) allocator.free(address, bytes);
            return address;
          });
          for (const [k, { bytes, passes }] of [...requests.entries()].reverse())
            if (!passes) allocator.free(addresses[k] as number, bytes);
          return addresses;
        };
        step();
        const second = step();
        for (let k = 0; k < 3; k++) expect(step()).toEqual(second);
      }),
      { seed: 4 },
    );
  });

  test('changing requests need little more than half as much again as they hold', () => {
    const requests = fc.array(fc.integer({ min: 0, max: 1e6 }), { minLength: 20, maxLength: 50 });
    fc.assert(
      fc.property(fc.array(requests, { minLength: 20, maxLength: 20 }), (rounds) => {
        const allocator = new Allocator(0);
        let most = 0;
        for (const sizes of rounds) {
          const addresses = sizes.map((bytes) => allocator.allocate(bytes, () => {}));
          most = Math.max(most, allocator.usedBytes);
          for (const [k, bytes] of sizes.entries()) allocator.free(addresses[k] as number, bytes);
        }
        expect(allocator.end).toBeLessThanOrEqual(1.5 * most + 2 ** 21);
      }),
      { seed: 3, numRuns: 50 },
    );
  });

  test('where the range cannot grow, free blocks are joined', () => {
    const allocator = new Allocator(0);
    const limited = (end: number): void => {
      if (end > 10_000) throw new Error('full');
    };
    const small = Array.from({ length: 10 }, () => allocator.allocate(640, limited));
    for (const address of small) allocator.free(address, 640);
    expect(allocator.allocate(6000, limited)).toBe(0);
    expect(() => allocator.allocate(6000, limited)).toThrow('full');
    expect(allocator.usedBytes).toBe(blockBytes(6000));
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
