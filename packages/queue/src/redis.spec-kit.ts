import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether Debian's redis-server is here. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

/** A server of a spec, on a port and a folder of its own. */
export interface Redis {
  readonly port: number;
  start(): Promise<void>;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Ends it and deletes what it kept. */
  remove(): Promise<void>;
}

export async function redisServer(options: readonly string[] = []): Promise<Redis> {
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), 'funhash-redis-'));
  let child: ChildProcess | undefined;
  const ended = (): Promise<void> =>
    new Promise((resolve) =>
      child && child.exitCode === null ? child.once('exit', () => resolve()) : resolve(),
    );
  const redis: Redis = {
    port,
    start: async () => {
      const persistent = [
        '--appendonly',
        'yes',
        '--appendfsync',
        'everysec',
        '--save',
        '',
        '--maxmemory-policy',
        'noeviction',
      ];
      child = spawn(
        'redis-server',
        ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, ...persistent, ...options],
        {
          stdio: 'ignore',
        },
      );
      for (let k = 0; k < 200 && !(await answers(port)); k++)
        await new Promise((resolve) => setTimeout(resolve, 50));
    },
    kill: async () => {
      const end = ended();
      child?.kill('SIGKILL');
      await end;
    },
    remove: async () => {
      await redis.kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  await redis.start();
  return redis;
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    }).once('error', () => resolve(false));
  });
