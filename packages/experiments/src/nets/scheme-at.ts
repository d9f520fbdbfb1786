import type { WeightPlace } from '@funhash/models';
import { SpecError } from '../errors.ts';
import { type NetShape, placesOf } from './model-kinds.ts';
import { formatScheme, hasOption, parseScheme } from './scheme-text.ts';

/**
 * A scheme for all layers of a net, as one of them takes it. FreshNets are for filters: they learn their kernel here,
 * and other weights are hashed, as in the paper; other schemes with that option, whose modes are chosen, learn it too. A
 * basis of images serves the layers that have images for input; the others take the scheme without it.
 */
export function schemeAt(
  scheme: string,
  { cols, kernelSize }: Pick<WeightPlace, 'cols' | 'kernelSize'>,
): string {
  const parsed = parseScheme(scheme);
  if (parsed.kind === 'freshNet') {
    const { kernel: _, ...options } = parsed.options;
    return formatScheme(
      kernelSize > 1
        ? { ...parsed, options: { ...options, kernel: kernelSize } }
        : { ...parsed, kind: 'hashedNet', options },
    );
  }
  if (kernelSize > 1 && hasOption(parsed, 'kernel') && parsed.options.inModes === undefined)
    return formatScheme({ ...parsed, options: { ...parsed.options, kernel: kernelSize } });
  const [, inner] = /\((\w+)\)$/.exec(parsed.kind) ?? [];
  if (inner === undefined) return scheme;
  const { height, width, keep, channels, ...options } = parsed.options;
  const isImage = kernelSize === 1 && cols % (Number(height) * Number(width)) === 0;
  return isImage ? scheme : formatScheme({ ...parsed, kind: inner, options });
}

/** @throws SpecError for a scheme of filters in a net without any */
export function requireFilters(kind: string, shape: NetShape): void {
  if (kind !== 'freshNet' || placesOf(shape).some(({ kernelSize }) => kernelSize > 1)) return;
  throw new SpecError({
    operation: 'freshNet',
    expected: 'a model with convolutions',
    actual: shape.model,
    remedy: 'Choose one by --model.',
  });
}
