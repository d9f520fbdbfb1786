import { describe } from 'vitest';
import { ofVirtual, testLaws } from '../laws-on-device.spec-kit.ts';

describe('virtual matrices in strips', () => testLaws({ mode: 'headlessgl', stripEntries: 24 }, ofVirtual));
