import type { Language } from '../language.ts';
import { limbPrelude } from '../limb-functions.ts';
import { LimbWords } from '../limb-words.ts';
import { js } from './js.ts';

/** A script whose words are limbs, as in shaders without integers: so that limbs are tested where no shader runs. */
export const limbsInJs: Language = {
  ...js,
  name: 'js with limbs',
  words: (program) => new LimbWords(program, limbsInJs),
  get wordPrelude() {
    const names = 'const { abs, floor } = Math;';
    return `${names}\n${limbPrelude(limbsInJs, { real: 'let', counter: 'let' })}`;
  },
};
