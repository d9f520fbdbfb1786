import type { ImageDataset } from '@funhash/datasets';
import type { Mistake } from '@funhash/experiments';
import { escapeHtml } from '@funhash/hashing';

import { picture, signedPicture } from './pictures.ts';

/** The side at which a picture is shown, in pixels of the page. */
const shownSide = 84;

const scaleOf = (width: number, height: number): number =>
  Math.max(1, Math.floor(shownSide / Math.max(width, height)));

/** Rows of a net's first matrix as pictures; empty where they are none. @param of whose they are */
export function unitsHtml(
  units: readonly (readonly number[])[],
  { width, height, channels }: ImageDataset,
  of: string,
): string {
  if (channels !== 1 || units.length === 0) return '';
  const scale = scaleOf(width, height);
  const pictures = units.map((values, k) => {
    const name = escapeHtml(`weights of hidden unit ${k} of ${of}`);
    return `<img src="${signedPicture(values, width, height, quantile(values, 0.99))}" alt="${name}" title="${name}" width="${scale * width}" height="${scale * height}">`;
  });
  return `<div class="units">${pictures.join('')}</div>`;
}

// The few largest weights would leave all others pale.
function quantile(values: readonly number[], share: number): number {
  const sizes = values.map(Math.abs).sort((a, b) => a - b);
  return sizes[Math.floor(share * (sizes.length - 1))] as number;
}

/** Test images that a net got wrong. @param of the net */
export function mistakesHtml(
  mistakes: readonly Mistake[],
  { width, height, channels, classNames, test }: ImageDataset,
  of: string,
): string {
  const called = (label: number): string => escapeHtml(classNames?.[label] ?? String(label));
  const size = width * height * channels;
  const scale = scaleOf(width, height);
  const pictures = mistakes.map(({ index, label, predicted, probability }) => {
    const name = escapeHtml(
      `test image ${index}: ${classNames?.[label] ?? label} taken for ${classNames?.[predicted] ?? predicted} by ${of}, ${(100 * probability).toFixed(1)} % sure`,
    );
    const pixels = test.inputs.subarray(index * size, (index + 1) * size) as Uint8Array;
    return `<figure><img src="${picture(pixels, width, height)}" alt="${name}" title="${name}" width="${scale * width}" height="${scale * height}"><figcaption>${called(label)} → <b>${called(predicted)}</b></figcaption></figure>`;
  });
  return `<div class="mistakes">${pictures.join('')}</div>`;
}
