import type { Language } from '../language.ts';
import { c } from './c.ts';
import { glsl100, glsl300 } from './glsl.ts';
import { js } from './js.ts';

/** The languages that programs are written in, by name. */
export const languages = { js, c, glsl100, glsl300 } as const satisfies Readonly<Record<string, Language>>;
