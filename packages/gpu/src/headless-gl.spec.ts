import { ofOthers, testDevice, testLaws } from './laws-on-device.spec-kit.ts';

testLaws({ mode: 'headlessgl' }, ofOthers, testDevice);
