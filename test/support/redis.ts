import { writeFile } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { findRedisServer } from '../../scripts/ensure-redis.mjs';
import { type Certificates, generateCertificates } from './certificates.ts';
import { freePort, ownFolder, removeFolder, ServerProcess } from './server-process.ts';

export interface RedisOptions {
  /** More settings, as on redis-server's command line: `['--maxmemory', '10mb']`. */
  args?: string[];
  /** Append-only file with this fsync policy. Without it nothing survives a restart. */
  aof?: 'everysec' | 'always';
  /** TLS only, with a client certificate optional; certificates of its own, or those that several nodes share. */
  tls?: boolean | Certificates;
  password?: string;
  port?: number;
}

export interface TestRedis {
  /** redis:// or rediss://, with the password. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  readonly folder: string;
  /** With `tls` only. */
  readonly certificates: Certificates | undefined;
  /** SIGTERM, which flushes the append-only file; then removes the folder. May be called twice. */
  stop(): Promise<void>;
  /** SIGKILL; the folder stays for `restart()`. */
  kill9(): Promise<void>;
  /** Same port, same folder; also after `kill9()`. */
  restart(): Promise<void>;
  /** SIGSTOP: connections stay open, nothing is answered. */
  pause(): void;
  resume(): void;
}

/** A real Redis on a free port of 127.0.0.1, in its own folder, ready to answer. */
export async function startRedis(options: RedisOptions = {}): Promise<TestRedis> {
  const folder = ownFolder('redis');
  try {
    return await retryOnTakenPort(options.port, (port) => RedisServer.start(folder, port, options));
  } catch (error) {
    await removeFolder(folder);
    throw error;
  }
}

/** Another process may take a free port between finding and using it. */
async function retryOnTakenPort<T>(
  wanted: number | undefined,
  start: (port: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(wanted ?? (await freePort()));
    } catch (error) {
      if (wanted !== undefined || attempt === 3) throw error;
    }
  }
}

/** The binary, or an error that says what to install. */
export function redisServerBinary(): string {
  const binary = findRedisServer();
  if (!binary) throw new Error('no redis-server found: run `npm run servers`, which finds or installs one');
  return binary;
}

class RedisServer implements TestRedis {
  readonly host = '127.0.0.1';
  readonly folder: string;
  readonly port: number;
  readonly certificates: Certificates | undefined;
  readonly #options: RedisOptions;
  #process!: ServerProcess;

  private constructor(folder: string, port: number, options: RedisOptions, certificates?: Certificates) {
    this.folder = folder;
    this.port = port;
    this.certificates = certificates;
    this.#options = options;
  }

  static async start(folder: string, port: number, options: RedisOptions): Promise<RedisServer> {
    const { tls } = options;
    const certificates = tls === true ? await generateCertificates(folder) : tls || undefined;
    const server = new RedisServer(folder, port, options, certificates);
    // A file, not arguments: Sentinel has Redis rewrite it when roles change.
    await writeFile(join(folder, 'redis.conf'), `${server.#settings().join('\n')}\n`);
    await server.#launch();
    return server;
  }

  get url(): string {
    const { password, tls } = this.#options;
    const login = password ? `:${encodeURIComponent(password)}@` : '';
    return `${tls ? 'rediss' : 'redis'}://${login}${this.host}:${this.port}`;
  }

  get pid(): number {
    return this.#process.pid;
  }

  async stop(): Promise<void> {
    await this.#process.end('SIGTERM');
    await removeFolder(this.folder);
  }

  async kill9(): Promise<void> {
    await this.#process.end('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.#process.end('SIGTERM');
    await this.#launch();
  }

  pause(): void {
    this.#process.signal('SIGSTOP');
  }

  resume(): void {
    this.#process.signal('SIGCONT');
  }

  #settings(): string[] {
    const { aof, password } = this.#options;
    return [
      `bind ${this.host}`,
      `dir "${this.folder}"`,
      'save ""',
      'daemonize no',
      ...(aof ? ['appendonly yes', `appendfsync ${aof}`] : []),
      ...(password ? [`requirepass "${password}"`, `masterauth "${password}"`] : []),
      ...this.#listen(),
    ];
  }

  #listen(): string[] {
    if (!this.certificates) return [`port ${this.port}`];
    return tlsSettings(this.certificates, this.port);
  }

  async #launch(): Promise<void> {
    this.#process = new ServerProcess({
      command: redisServerBinary(),
      args: [join(this.folder, 'redis.conf'), ...(this.#options.args ?? [])],
      logFile: join(this.folder, 'redis.log'),
      cwd: this.folder,
    });
    await this.#process.until(() => answersPing(this.port, this.#options));
  }
}

/** A port that speaks TLS and nothing else, for a server as for a Sentinel. */
export function tlsSettings({ ca, serverCert, serverKey }: Certificates, port: number): string[] {
  return [
    'port 0',
    `tls-port ${port}`,
    `tls-ca-cert-file "${ca}"`,
    `tls-cert-file "${serverCert}"`,
    `tls-key-file "${serverKey}"`,
    'tls-auth-clients optional',
  ];
}

/** One PING without a client library; false while the server loads its file or is not there. */
export function answersPing(port: number, { password, tls }: RedisOptions = {}): Promise<boolean> {
  return new Promise((resolve) => {
    const target = { port, host: '127.0.0.1' };
    const socket = tls ? connectTls({ ...target, rejectUnauthorized: false }) : connectTcp(target);
    let answer = '';
    const finish = (ready: boolean) => {
      socket.destroy();
      resolve(ready);
    };
    socket.setTimeout(1000, () => finish(false));
    socket.on('error', () => finish(false));
    socket.on('close', () => finish(false));
    socket.on('data', (data) => {
      answer += data;
      if (answer.includes('PONG')) finish(true);
      else if (/^-(?!NOAUTH)/m.test(answer)) finish(false);
    });
    socket.write(`${password ? `AUTH "${password}"\r\n` : ''}PING\r\n`);
  });
}
