import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { type Certificates, generateCertificates } from './certificates.ts';
import { release, tieToThisProcess } from './orphans.ts';
import { type PostgresBinaries, postgresBinaries } from './postgres-binaries.ts';
import { freePort, ownFolder, quickFolder, removeFolder, ServerProcess } from './server-process.ts';

const run = promisify(execFile);

export interface PostgresOptions {
  /** More server arguments: `['-c', 'wal_level=logical']`. */
  args?: string[];
  /** Without one everybody on this machine is trusted; with one, scram-sha-256. */
  password?: string;
  /** Off by default for speed: nothing is lost at a kill -9, only at a power cut. */
  fsync?: boolean;
  /** Offers TLS with a certificate of an authority of its own. */
  ssl?: boolean;
  port?: number;
}

/** What a test may do with a server that somebody else started. */
export interface PostgresAccess {
  /** Connection URL of a database, `postgres` by default. */
  url(database?: string): string;
  /**
   * Creates a database with a name nobody else has, and returns its URL. It is empty, or a copy of the one that
   * `template` names, to which nobody may be connected.
   */
  createDatabase(template?: string): Promise<string>;
  /** Rows of one statement, run in `database`. */
  query<T extends object = Record<string, unknown>>(
    sql: string,
    params?: unknown[],
    database?: string,
  ): Promise<T[]>;
}

export interface TestPostgres extends PostgresAccess {
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  readonly folder: string;
  /** With `ssl: true` only. */
  readonly certificates: Certificates | undefined;
  /** Fast shutdown, then removes the folder. May be called twice. */
  stop(): Promise<void>;
  /** SIGKILL for the server and all its backends; the folder stays for `restart()`. */
  kill9(): Promise<void>;
  /** Fast shutdown (sessions are ended) and start on the same port; also after `kill9()`. */
  restart(): Promise<void>;
}

/** A real PostgreSQL 18 on a free port of 127.0.0.1, in its own folder, ready to answer. */
export async function startPostgres(options: PostgresOptions = {}): Promise<TestPostgres> {
  const folder = ownFolder('postgres', options.fsync ? undefined : quickFolder());
  try {
    const server = new PostgresServer(folder, options.port ?? (await freePort()), options);
    await server.initialise();
    await server.launch();
    return server;
  } catch (error) {
    await removeFolder(folder);
    throw error;
  }
}

/** Of a server that runs until the end: sessions are kept for the next statements. */
export interface LastingPostgres extends PostgresAccess {
  /** Nobody of this process is at the database afterwards, and the server knows the statistics of its statements. */
  endSessions(database: string): Promise<void>;
}

/** Access to a running server by the URL of one of its databases. */
export function connectPostgres(url: string): LastingPostgres {
  return {
    url: (database = 'postgres') => withDatabase(url, database),
    endSessions: (database) => endSessions(withDatabase(url, database)),
    createDatabase: async (template) => {
      if (template) await endSessions(withDatabase(url, template));
      return createDatabase(url, template);
    },
    query: async <T extends object>(sql: string, params?: unknown[], database = 'postgres') =>
      (await sessionsOf(withDatabase(url, database)).query<T & pg.QueryResultRow>(sql, params)).rows,
  };
}

const pools = new Map<string, pg.Pool>();

/** A new session costs the server and the test more than most statements do, and who waits asks again and again. */
function sessionsOf(connectionString: string): pg.Pool {
  const kept = pools.get(connectionString);
  if (kept) return kept;
  const pool = new pg.Pool({
    connectionString,
    // An analysis tells of sessions of others, and these come and go.
    application_name: 'qctl tests',
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 1000,
    allowExitOnIdle: true,
  });
  pool.on('error', () => {});
  pools.set(connectionString, pool);
  return pool;
}

async function endSessions(connectionString: string): Promise<void> {
  const pool = pools.get(connectionString);
  pools.delete(connectionString);
  await pool?.end();
}

function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

async function createDatabase(url: string, template = 'template1'): Promise<string> {
  const name = `t_${randomBytes(6).toString('hex')}`;
  // Half of the work: the files are copied by the system, not page by page into the log.
  await query(
    withDatabase(url, 'postgres'),
    `CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY FILE_COPY`,
  );
  return withDatabase(url, name);
}

/** One statement over one short connection, so that nothing is kept open over a restart. */
async function query<T extends object>(
  connectionString: string,
  sql: string,
  params?: unknown[],
): Promise<T[]> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 10_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query<T & pg.QueryResultRow>(sql, params)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

class PostgresServer implements TestPostgres {
  readonly host = '127.0.0.1';
  readonly folder: string;
  readonly port: number;
  certificates: Certificates | undefined;
  readonly #options: PostgresOptions;
  readonly #binaries: PostgresBinaries = postgresBinaries();
  #process!: ServerProcess;

  constructor(folder: string, port: number, options: PostgresOptions) {
    this.folder = folder;
    this.port = port;
    this.#options = options;
  }

  get pid(): number {
    return this.#process.pid;
  }

  get #data(): string {
    return join(this.folder, 'data');
  }

  url(database = 'postgres'): string {
    const { password } = this.#options;
    const login = password ? `postgres:${encodeURIComponent(password)}` : 'postgres';
    return `postgres://${login}@${this.host}:${this.port}/${database}`;
  }

  createDatabase(template?: string): Promise<string> {
    return createDatabase(this.url(), template);
  }

  query<T extends object = Record<string, unknown>>(
    sql: string,
    params?: unknown[],
    database = 'postgres',
  ): Promise<T[]> {
    return query<T>(this.url(database), sql, params);
  }

  async stop(): Promise<void> {
    // SIGINT is the fast shutdown: it ends sessions and writes a checkpoint.
    await this.#process.end('SIGINT', 20_000);
    await removeFolder(this.folder);
  }

  async kill9(): Promise<void> {
    const backends = await childrenOf(this.pid);
    await this.#process.end('SIGKILL');
    for (const pid of backends) killQuietly(pid);
  }

  async restart(): Promise<void> {
    await this.#process.end('SIGINT', 20_000);
    await this.launch();
  }

  async initialise(): Promise<void> {
    await mkdir(this.#data, { mode: 0o700 });
    await this.#own(this.folder);
    await this.#own(this.#data);
    const { password } = this.#options;
    const passwordFile = join(this.folder, 'password');
    if (password) await writeFile(passwordFile, `${password}\n`, { mode: 0o644 });
    const login = password ? ['-A', 'scram-sha-256', `--pwfile=${passwordFile}`] : ['-A', 'trust'];
    const args = ['-D', this.#data, '-U', 'postgres', '-E', 'UTF8', '--locale=C', '--no-sync', ...login];
    const env = { PATH: process.env.PATH ?? '', LC_ALL: 'C' };
    const running = run(this.#binaries.initdb, args, { ...this.#binaries.user, env, cwd: this.folder });
    tieToThisProcess(running.child.pid);
    await running;
    release(running.child.pid);
    if (this.#options.ssl) await this.#installCertificates();
  }

  /** Starts, and starts again while backends of a killed server still hold its shared memory. */
  async launch(): Promise<void> {
    const deadline = Date.now() + 15_000;
    for (;;) {
      this.#process = this.#spawn();
      try {
        return await this.#process.until(() => this.#answers());
      } catch (error) {
        const held = this.#process.log().includes('shared memory block');
        if (!held || Date.now() > deadline) throw error;
        await sleep(100);
      }
    }
  }

  #spawn(): ServerProcess {
    const settings = {
      fsync: this.#options.fsync ? 'on' : 'off',
      listen_addresses: this.host,
      unix_socket_directories: '',
      ...(this.certificates ? { ssl: 'on' } : {}),
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    return new ServerProcess({
      command: this.#binaries.postgres,
      args: ['-D', this.#data, '-p', String(this.port), ...flags, ...(this.#options.args ?? [])],
      logFile: join(this.folder, 'postgres.log'),
      cwd: this.folder,
      ...this.#binaries.user,
    });
  }

  async #answers(): Promise<boolean> {
    await this.query('SELECT 1');
    return true;
  }

  async #installCertificates(): Promise<void> {
    const folder = join(this.folder, 'tls');
    await mkdir(folder);
    this.certificates = await generateCertificates(folder);
    const files = { 'server.crt': this.certificates.serverCert, 'server.key': this.certificates.serverKey };
    for (const [name, source] of Object.entries(files)) {
      const target = join(this.#data, name);
      await copyFile(source, target);
      await this.#own(target);
    }
  }

  async #own(path: string): Promise<void> {
    const { user } = this.#binaries;
    if (user) await chown(path, user.uid, user.gid);
  }
}

/** PostgreSQL's backends each lead their own process group, so they are looked up by their parent. */
async function childrenOf(parent: number): Promise<number[]> {
  if (process.platform === 'linux') return childrenFromProc(parent);
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=']);
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  return rows.filter(([, ppid]) => ppid === parent).map(([pid]) => pid!);
}

async function childrenFromProc(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const parents = await Promise.all(pids.map(parentFromProc));
  return pids.filter((_, index) => parents[index] === parent).map(Number);
}

async function parentFromProc(pid: string): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // "pid (name) state ppid …", and the name may hold spaces and brackets.
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
