import { isIP } from 'node:net';
import { FunhashError } from '@funhash/hashing';

/** A queue that cannot be used, or that may not. Passwords are never part of its message. */
export class QueueError extends FunhashError {}

/** How a server is reached, as the client of BullMQ takes it. */
export interface QueueConnection {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: { readonly ca?: string; readonly servername?: string };
  readonly maxRetriesPerRequest: null;
}

/** A server and the queue on it. */
export interface QueueAddress {
  /** The address as it may be shown: without user and password. */
  readonly shown: string;
  readonly connection: QueueConnection;
  /** Name of the queue. */
  readonly name: string;
}

export interface AddressOptions {
  /** Whether a server beyond this machine may be reached without TLS. */
  readonly insecure?: boolean;
  /** The password. Default: that of the address, else of the environment variable FUNHASH_QUEUE_PASSWORD. */
  readonly password?: string | undefined;
  /** Certificates that are trusted besides those of Node, as PEM. */
  readonly ca?: string | undefined;
}

const operation = 'queue';
const names = /^[A-Za-z][\w.-]{0,63}$/;

/**
 * Reads the address of a queue: `redis://host:6379/name`, or `rediss://…` with TLS.
 *
 * @throws QueueError for what is no such address, and for a server beyond this machine without TLS, unless `insecure`
 */
export function queueAddress(
  text: string,
  { insecure = false, password, ca }: AddressOptions = {},
): QueueAddress {
  const refuse = (expected: string, actual: string, remedy?: string): never => {
    throw new QueueError({ operation, expected, actual, ...(remedy !== undefined && { remedy }) });
  };
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // The text may hold a password: it is not shown.
    return refuse('an address such as redis://127.0.0.1:6379', 'what is no address');
  }
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:')
    refuse('redis:// or rediss://', `${url.protocol}//`);
  const name = url.pathname.replace(/^\//, '') || 'funhash';
  if (!names.test(name)) refuse('a name of letters, digits, _ . and - behind the server', name.slice(0, 64));
  if (url.search !== '' || url.hash !== '') refuse('an address without ? and #', 'one with them');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (host === '') refuse('a server', 'none');
  const port = url.port === '' ? 6379 : Number(url.port);
  const hasTls = url.protocol === 'rediss:';
  const shown = `${url.protocol}//${url.hostname}:${port}/${name}`;
  if (!hasTls && !insecure && !isLoopback(host))
    refuse(
      'TLS, as the server is beyond this machine: rediss://',
      shown,
      'Whoever reads the network would read the password and the runs. --insecure allows it.',
    );
  const secret = password ?? (decodeURIComponent(url.password) || process.env.FUNHASH_QUEUE_PASSWORD);
  const connection: QueueConnection = {
    ...{ host, port },
    ...(url.username !== '' && { username: decodeURIComponent(url.username) }),
    ...(secret && { password: secret }),
    ...(hasTls && {
      tls: { ...(ca !== undefined && { ca }), ...(isIP(host) === 0 && { servername: host }) },
    }),
    // Workers wait for a server that is away; BullMQ asks for it.
    maxRetriesPerRequest: null,
  };
  return { shown, name, connection };
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

/** An error of the server in a few words; what the client knows besides, passwords among it, is left out. */
export function faultOf(error: unknown, { shown }: QueueAddress): QueueError {
  const { message = '', code } = (error ?? {}) as { readonly message?: string; readonly code?: string };
  const first = message.split('\n', 1)[0]?.slice(0, 200);
  return new QueueError({
    operation,
    expected: `a server at ${shown}`,
    actual: [code, first].filter(Boolean).join(': ') || 'no answer',
    remedy:
      code === 'ECONNRESET'
        ? 'A server with TLS ends plain connections so: rediss://.'
        : 'Start one: redis-server --appendonly yes --save "" --maxmemory-policy noeviction.',
  });
}
