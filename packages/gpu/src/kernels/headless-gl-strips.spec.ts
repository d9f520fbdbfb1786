import { describe, vi } from 'vitest';
import { ofVirtual, testLaws } from '../laws-on-device.spec-kit.ts';

// One law makes some hundreds of shaders for every height of a strip, which headless GL compiles ever more slowly: on two
// busy cores the laws of a long formula took two minutes with strips of 24 entries. Mode cpu has those.
vi.setConfig({ testTimeout: 240_000 });

describe('virtual matrices in strips', () => testLaws({ mode: 'headlessgl', stripEntries: 192 }, ofVirtual));
