import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { escapeHtml } from '@funhash/hashing';
import type { Chart } from './charts.ts';
import { folded, prose } from './html.ts';
import { chartScript, reportScript } from './page-script.ts';
import { pageStyle } from './page-style.ts';

/** What a report tells; whatever is HTML was escaped where it was made. */
export interface Report {
  readonly title: string;
  /** Sentences under the title. */
  readonly intro: string;
  readonly sections: readonly Section[];
  /** The command that does the same again. */
  readonly command: string;
  readonly config: object;
}

export interface Section {
  readonly title: string;
  /** Sentences before the rest. */
  readonly text?: string;
  readonly charts?: readonly Chart[];
  readonly html?: string;
}

/** A report as one HTML file that needs nothing else. uPlot draws its charts: 50 kB, with a cursor that reads values off. */
export async function pageOf({ title, intro, sections, command, config }: Report): Promise<string> {
  const charts = sections.flatMap((section) => section.charts ?? []);
  const { library, libraryStyle } = charts.length > 0 ? await plotting() : { library: '', libraryStyle: '' };
  let drawn = 0;
  const shown = sections.map((section) => {
    const html = sectionHtml(section, drawn);
    drawn += section.charts?.length ?? 0;
    return html;
  });
  return documentOf({
    title,
    style: libraryStyle,
    body: `<header>
<h1>${escapeHtml(title)}</h1>
<p>${prose(intro)}</p>
</header>
<main>
${shown.join('\n')}
<section><h2>To repeat this</h2>
<p>In the same folder as then: paths are as they were given.</p>
<pre><code id="command">${escapeHtml(command)}</code></pre>
${folded('All settings', `<pre><code>${escapeHtml(JSON.stringify(config, null, 2))}</code></pre>`)}
</section>
</main>
${
  charts.length > 0
    ? `<script type="application/json" id="charts">${JSON.stringify(charts).replaceAll('<', '\\u003c')}</script>
<script>${library}</script>
<script>${chartScript}${reportScript}</script>`
    : ''
}`,
  });
}

interface Document {
  readonly title: string;
  /** Styles before those that all pages have. */
  readonly style: string;
  /** HTML. */
  readonly body: string;
}

/** A whole HTML document in the looks of a report. */
export const documentOf = ({ title, style, body }: Document): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}
${pageStyle}</style>
</head>
<body>
${body}
</body>
</html>
`;

/** A section as HTML. @param first the number of its first chart */
export function sectionHtml({ title, text, charts = [], html = '' }: Section, first = 0): string {
  const figures = charts.map(
    (chart, k) =>
      `<figure><figcaption>${escapeHtml(chart.title)}</figcaption><div class="chart" role="img" aria-label="${escapeHtml(chart.title)}" data-chart="${first + k}"></div></figure>`,
  );
  const plots = figures.length > 0 ? `<div class="charts">${figures.join('')}</div>` : '';
  return `<section><h2>${escapeHtml(title)}</h2>${text ? `<p>${prose(text)}</p>` : ''}${plots}${html}</section>`;
}

/** What draws charts, as text for a script and a style of a page. */
export async function plotting(): Promise<{ readonly library: string; readonly libraryStyle: string }> {
  const require = createRequire(import.meta.url);
  const [library, libraryStyle] = await Promise.all([
    readFile(require.resolve('uplot/dist/uPlot.iife.min.js'), 'utf8'),
    readFile(require.resolve('uplot/dist/uPlot.min.css'), 'utf8'),
  ]);
  return { library: library.replaceAll('</script', '<\\/script'), libraryStyle };
}
