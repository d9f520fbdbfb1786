import { checkArgument, checkOptions } from '@funhash/hashing';
import type { OptionSchema, OptionValues } from '../options.ts';
import {
  requestRule,
  type Scheme,
  type SchemeDefinition,
  type SchemeFunction,
  type WeightRequest,
} from '../scheme.ts';

/** A scheme that stands over another one, as users call it: over a request, by default one value for each entry. */
export interface QuantizerFunction<O extends OptionSchema> extends Scheme {
  (options?: Partial<OptionValues<O>>, latent?: WeightRequest): WeightRequest;
  over(latent: Scheme): Scheme;
}

/**
 * Makes a scheme that stands over any other, once for each.
 *
 * @param plain the scheme below where a request does not say
 * @param definitionOver its definition over that of another scheme
 */
export function overSchemes<const O extends OptionSchema>(
  name: string,
  options: O,
  plain: SchemeFunction<Record<never, never>>,
  definitionOver: (inner: SchemeDefinition<OptionSchema>) => SchemeDefinition<OptionSchema>,
): QuantizerFunction<O> {
  const made = new WeakMap<SchemeDefinition<OptionSchema>, Scheme>();
  const over = ({ definition }: Scheme): Scheme => {
    const found = made.get(definition) ?? { definition: definitionOver(definition) };
    made.set(definition, found);
    return found;
  };
  const request = (given: Partial<OptionValues<O>> = {}, latent: WeightRequest = plain()): WeightRequest => {
    checkOptions(name, options, given);
    checkArgument(name, 'latent', requestRule, latent);
    return { ...latent, scheme: over(latent.scheme), options: { ...latent.options, ...given } };
  };
  return Object.assign(request, over(plain), { over });
}
