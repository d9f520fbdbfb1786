import { ofVirtual, testLaws } from './laws-on-device.spec-kit.ts';

testLaws({ mode: 'headlessgl' }, ofVirtual);
