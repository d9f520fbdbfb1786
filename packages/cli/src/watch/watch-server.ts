import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UsageError } from '../errors.ts';
import { prose } from '../report/html.ts';
import { type Report, sectionHtml } from '../report/page.ts';
import { type LiveMessage, livePage } from './live-page.ts';

/** What a page shows of a run under way. */
export type View = Pick<Report, 'title' | 'intro' | 'sections'>;

/** A page that follows what a command does. */
export interface Watch {
  readonly url: string;
  /** Shows a view. It is made when pages are told, and never where nobody looks. */
  show(make: () => View): void;
  /** Ends with a sentence: pages keep what they show, and the server is gone. */
  close(ending: string): Promise<void>;
}

/** Time between two messages. */
const restMs = 400;
/** Pages that are told at a time. */
const mostPages = 16;
/** A page that has not taken its last message by then is left. */
const closingMs = 1000;

/**
 * Serves a page on this machine alone, by server-sent events.
 *
 * @param port 0 for any that is free
 * @throws UsageError where the port is taken or may not be had
 */
export async function openWatch(port = 0): Promise<Watch> {
  const nonce = randomBytes(16).toString('base64');
  const page = await livePage('/events', nonce);
  const pages = new Set<ServerResponse>();
  const behind = new WeakSet<ServerResponse>();
  let make: (() => View) | undefined;
  let told: LiveMessage | undefined;
  let timer: NodeJS.Timeout | undefined;

  const server = createServer((request, response) => {
    const refused = refusalOf(request);
    if (refused !== undefined) end(response, refused, 'text/plain', 'Refused.');
    else if (request.url === '/') {
      response.setHeader(
        'content-security-policy',
        `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      );
      end(response, 200, 'text/html; charset=utf-8', page);
    } else if (request.url !== '/events') end(response, 404, 'text/plain', 'There is nothing here.');
    else if (pages.size >= mostPages) end(response, 503, 'text/plain', 'Too many pages.');
    else {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.write('retry: 1000\n\n');
      pages.add(response);
      response.on('close', () => pages.delete(response));
      // This page has nothing yet, so all of it is new.
      told = undefined;
      tell();
    }
  });

  const tell = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (!make || pages.size === 0) return;
    const now = messageOf(make());
    const text = eventText('view', changed(now, told));
    told = now;
    // A page that does not read is told all of it when it does, and nothing is kept for it.
    for (const response of pages)
      if (!response.writableNeedDrain) response.write(text);
      else if (!behind.has(response)) {
        behind.add(response);
        response.once('drain', () => {
          behind.delete(response);
          told = undefined;
          timer ??= setTimeout(tell, restMs);
        });
      }
  };

  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new UsageError(
          {
            operation: '--watch',
            expected: 'a port of this machine that is free',
            actual: `${port} (${cause.code})`,
            remedy: 'Leave it out, and one is chosen.',
          },
          { cause },
        ),
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    show: (next) => {
      make = next;
      if (pages.size > 0) timer ??= setTimeout(tell, restMs);
    },
    close: async (ending) => {
      tell();
      clearTimeout(timer);
      for (const response of pages) response.end(eventText('ended', ending));
      const late = setTimeout(() => server.closeAllConnections(), closingMs);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      });
      clearTimeout(late);
    },
  };
}

/** A status for what is not asked by a page of this machine: another host's name leads here where somebody rebinds it. */
function refusalOf({ method, headers }: IncomingMessage): number | undefined {
  if (method !== 'GET') return 405;
  const host = /^(127\.0\.0\.1|localhost)(:\d{1,5})?$/.test(headers.host ?? '');
  const isOwn = headers['sec-fetch-site'] === undefined || headers['sec-fetch-site'] !== 'cross-site';
  return host && isOwn ? undefined : 403;
}

function end(response: ServerResponse, status: number, type: string, text: string): void {
  response.setHeader('content-type', type);
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('cache-control', 'no-store');
  response.writeHead(status).end(text);
}

const eventText = (name: string, value: unknown): string =>
  `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`;

const messageOf = ({ title, intro, sections }: View): LiveMessage => ({
  title,
  intro: prose(intro),
  sections: sections.map((section) => ({
    name: section.title,
    html: sectionHtml(section),
    charts: section.charts ?? [],
  })),
});

/** A message without what was told before. */
function changed(now: LiveMessage, before: LiveMessage | undefined): LiveMessage {
  const known = new Map(before?.sections.map((section) => [section.name, JSON.stringify(section)]));
  return {
    ...now,
    sections: now.sections.map((section) =>
      known.get(section.name) === JSON.stringify(section) ? { name: section.name } : section,
    ),
  };
}
