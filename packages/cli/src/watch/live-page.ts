import { documentOf, plotting } from '../report/page.ts';
import { chartScript } from '../report/page-script.ts';

/** What the page is told: sections that did not change come as their names alone. */
export interface LiveMessage {
  readonly title: string;
  /** HTML. */
  readonly intro: string;
  readonly sections: readonly {
    readonly name: string;
    readonly html?: string;
    readonly charts?: readonly unknown[];
  }[];
}

/**
 * A page that shows what it is told, as it is told.
 *
 * @param events where it listens
 * @param nonce allows its scripts and no others
 */
export async function livePage(events: string, nonce: string): Promise<string> {
  const { library, libraryStyle } = await plotting();
  return documentOf({
    title: 'funhash',
    style: libraryStyle + style,
    body: `<header>
<p id="status" role="status">Waiting for the run …</p>
<h1></h1>
<p id="intro"></p>
</header>
<main></main>
<script nonce="${nonce}">${library}</script>
<script nonce="${nonce}">${chartScript}const source = new EventSource(${JSON.stringify(events)});
${script}</script>`,
  });
}

const style = `
header #status { font-size: 13px; margin-bottom: 4px; white-space: pre-line; }
#status::before { content: ''; display: inline-block; width: 9px; height: 9px; border-radius: 50%; background: var(--soft); margin-right: 8px; }
body[data-state=live] #status::before { background: var(--s2); }
body[data-state=lost] #status::before { background: var(--s1); }
.track { height: 10px; border-radius: 5px; background: var(--panel); border: 1px solid var(--line); overflow: hidden; }
.track b { display: block; height: 100%; background: var(--s0); }
.facts { display: flex; flex-wrap: wrap; gap: 10px 32px; margin: 14px 0 0; font-variant-numeric: tabular-nums; }
.facts dt { font-size: 13px; color: var(--soft); }
.facts dd { margin: 0; font-size: 17px; }
`;

const script = `
const main = document.querySelector('main');
const byName = (name) => [...main.children].find((section) => section.dataset.name === name);
function state(name, text) {
  document.body.dataset.state = name;
  document.getElementById('status').textContent = text;
}
// What somebody reads with the pointer stays until the pointer leaves it.
const held = new Map();
function put({ name, html, charts }, old) {
  if (old && old.querySelector('.chart:hover')) { held.set(name, { name, html, charts }); return old; }
  held.delete(name);
  const template = document.createElement('template');
  template.innerHTML = html;
  const fresh = template.content.firstElementChild;
  fresh.dataset.name = name;
  if (old) {
    const across = [...old.querySelectorAll('.scroll')].map((place) => place.scrollLeft);
    old.replaceWith(fresh);
    fresh.querySelectorAll('.scroll').forEach((place, k) => { place.scrollLeft = across[k] || 0; });
  } else main.append(fresh);
  const places = [...fresh.querySelectorAll('[data-chart]')];
  for (const place of places) place.chart = charts[place.dataset.chart];
  draw(places);
  return fresh;
}
source.onopen = () => state('live', 'Follows the run.');
source.onerror = () => state('lost', 'No connection to the run; trying again.');
source.addEventListener('view', ({ data }) => {
  const { title, intro, sections } = JSON.parse(data);
  document.title = title;
  document.querySelector('h1').textContent = title;
  document.getElementById('intro').innerHTML = intro;
  const names = new Set(sections.map(({ name }) => name));
  for (const section of [...main.children]) if (!names.has(section.dataset.name)) section.remove();
  sections.forEach((section, k) => {
    let place = byName(section.name);
    if (section.html !== undefined) place = put(section, place);
    if (!place) return;
    if (main.children[k] !== place) main.insertBefore(place, main.children[k] || null);
  });
});
main.addEventListener('pointerout', () => setTimeout(() => {
  for (const section of [...held.values()]) { const place = byName(section.name); if (place) put(section, place); }
}));
source.addEventListener('ended', ({ data }) => { source.close(); state('ended', JSON.parse(data)); });
`;
