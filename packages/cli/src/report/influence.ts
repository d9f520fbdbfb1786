import type { Dataset } from '@funhash/datasets';
import { type Influence, isImages } from '@funhash/experiments';
import { escapeHtml } from '@funhash/hashing';
import { tableHtml } from './html.ts';
import type { Section } from './page.ts';
import { signedPicture } from './pictures.ts';

/** Columns that are shown. */
const mostColumns = 20;
const shownSide = 168;

/** Parts of the inputs by what they are worth to a net. @param of the net */
export function influenceSection(
  influence: readonly Influence[] | undefined,
  data: Dataset,
  of: string,
): Section[] {
  if (!influence || influence.length === 0) return [];
  const title = 'Influence';
  if (isImages(data)) {
    const side = Math.round(Math.sqrt(influence.length));
    const rises = influence.map(({ rise }) => rise);
    const largest = rises.reduce((most, rise) => Math.max(most, Math.abs(rise)), 1e-9);
    const name = escapeHtml(`what the squares of a picture are worth to ${of}`);
    return [
      {
        title,
        text: `Squares of the picture by how far the error rises where they are those of other pictures: red up to ${inPoints(largest)} points.`,
        html: `<img src="${signedPicture(rises, side, side, largest)}" alt="${name}" title="${name}" width="${shownSide}" height="${shownSide}" style="image-rendering: pixelated">`,
      },
    ];
  }
  const ranked = [...influence].sort((a, b) => b.rise - a.rise).slice(0, mostColumns);
  return [
    {
      title,
      text: 'How far the error rises where a column is that of other rows, in points. One draw: small differences are chance.',
      html: tableHtml(
        [{ title: 'column' }, { title: 'rise', isNumber: true }],
        ranked.map(({ name, rise }) => ({ cells: [name, inPoints(rise)] })),
      ),
    },
  ];
}

const inPoints = (rise: number): string => (100 * rise).toFixed(2);
