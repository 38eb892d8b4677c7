import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, closeSync, constants, mkdtempSync, openSync, readFileSync, statfsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { release, tieToThisProcess } from './orphans.ts';

/*
 * Below the ephemeral range on purpose: a client that keeps connecting to a stopped server's port may
 * otherwise connect to itself, or another connection may take the port before the server restarts.
 * Redis Cluster's bus takes port + 10000, which stays below 32768 too.
 */
const LOWEST_PORT = 10_240;
const PORTS = 11_000;

/** A port on 127.0.0.1 that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST_PORT + Math.floor(Math.random() * PORTS);
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** A new folder under the system's temporary one, or under `parent`; gone with this process at the latest. */
export function ownFolder(kind: string, parent = tmpdir()): string {
  // Synchronous, so that there is no moment in which it exists and nobody knows of it.
  const folder = mkdtempSync(join(parent, `qctl-${kind}-`));
  tieToThisProcess(folder);
  return folder;
}

const MEMORY = '/dev/shm';
const ROOM_IN_MEMORY = 10e9;

/**
 * Where files go that need not outlive the machine: a folder in memory where there is one with room, else the system's
 * temporary one. Each database is three hundred files, which a disk's file system needs a quarter of a second for.
 */
export function quickFolder(): string {
  try {
    accessSync(MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize > ROOM_IN_MEMORY ? MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  release(folder);
}

export interface ServerCommand {
  command: string;
  args: string[];
  /** Output of the server is appended here. */
  logFile: string;
  cwd?: string;
  uid?: number;
  gid?: number;
}

/** A server's process: its output goes to a file, its end can be waited for. */
export class ServerProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<void>;
  readonly #logFile: string;

  constructor({ command, args, logFile, cwd, uid, gid }: ServerCommand) {
    const log = openSync(logFile, 'a');
    const env = { PATH: process.env.PATH ?? '', LC_ALL: 'C' };
    this.child = spawn(command, args, { stdio: ['ignore', log, log], cwd, uid, gid, env });
    closeSync(log);
    this.#logFile = logFile;
    this.exited = new Promise((resolve) => {
      this.child.once('error', () => resolve());
      this.child.once('exit', () => resolve());
    });
    tieToThisProcess(this.child.pid);
    void this.exited.then(() => release(this.child.pid));
    this.child.unref();
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  get running(): boolean {
    return this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** The end of its output, for an error's text. */
  log(): string {
    return readFileSync(this.#logFile, 'utf8').trim().split('\n').slice(-15).join('\n');
  }

  signal(name: NodeJS.Signals): void {
    if (this.running) this.child.kill(name);
  }

  /** Ends it with `name`, and with SIGKILL if it has not gone within `graceMs`. */
  async end(name: NodeJS.Signals, graceMs = 5000): Promise<void> {
    this.signal('SIGCONT');
    this.signal(name);
    const timer = setTimeout(() => this.signal('SIGKILL'), graceMs);
    this.child.ref();
    await this.exited;
    clearTimeout(timer);
  }

  /** Waits until `ready` returns true; fails with the server's own output when it ends before. */
  async until(ready: () => Promise<boolean>, timeoutMs = 20_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!(await ready().catch(() => false))) {
      if (!this.running) throw new Error(`${this.child.spawnfile} ended at start:\n${this.log()}`);
      if (Date.now() > deadline) throw new Error(`${this.child.spawnfile} is not ready:\n${this.log()}`);
      await sleep(10);
    }
  }
}
