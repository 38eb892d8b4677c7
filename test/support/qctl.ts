import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { release, tieToThisProcess } from './orphans.ts';

export { waitFor } from './wait.ts';

const BINARY = fileURLToPath(new URL('../../bin/qctl.js', import.meta.url));

export interface QctlOptions {
  /** Added to the clean environment; `undefined` removes a name from it. */
  env?: Record<string, string | undefined>;
  /** What stands on stdin. Without it stdin is empty and not a terminal. */
  input?: string | Uint8Array;
  /** Default: an empty folder, so that no qctl.yaml is found. */
  cwd?: string;
  /** After this it is killed and the call fails with what it had printed. Default 60 s; 0 is never. */
  timeoutMs?: number;
  onStderrLine?: (line: string, child: ChildProcess) => void;
  onStdoutLine?: (line: string, child: ChildProcess) => void;
}

export interface QctlResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface QctlProcess {
  readonly child: ChildProcess;
  /** Settles when it has ended and all its output has been read. */
  readonly done: Promise<QctlResult>;
  /** What it has printed so far. */
  stdout(): string;
  stderr(): string;
}

/** Runs the built `bin/qctl.js` to its end. Never fails for an exit code. */
export function runQctl(args: string[], options: QctlOptions = {}): Promise<QctlResult> {
  return spawnQctl(args, options).done;
}

/** Starts the built `bin/qctl.js`; for tests that send signals or look while it runs. */
export function spawnQctl(args: string[], options: QctlOptions = {}): QctlProcess {
  const { input, timeoutMs = 60_000 } = options;
  const child = spawn(process.execPath, [BINARY, ...args], {
    cwd: options.cwd ?? emptyHome(),
    env: { ...cleanEnvironment(), ...options.env },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  tieToThisProcess(child.pid);
  const stdout = collect(child, 'stdout', options.onStdoutLine);
  const stderr = collect(child, 'stderr', options.onStderrLine);
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  const done = ended(child, stdout, stderr, { args, timeoutMs });
  return { child, done, stdout, stderr };
}

let home: string | undefined;

function emptyHome(): string {
  if (!home) {
    home = mkdtempSync(join(tmpdir(), 'qctl-home-'));
    tieToThisProcess(home);
  }
  return home;
}

/** Nothing of the developer's shell: no colours, no credentials, no server addresses. */
export function cleanEnvironment(): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: emptyHome(),
    TMPDIR: tmpdir(),
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    // Otherwise a missing credential would make the SDK ask an address that only exists in AWS.
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

function collect(
  child: ChildProcess,
  name: 'stdout' | 'stderr',
  onLine?: (line: string, child: ChildProcess) => void,
): () => string {
  const chunks: Buffer[] = [];
  const stream = child[name]!;
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  if (onLine) createInterface({ input: stream }).on('line', (line) => onLine(line, child));
  return () => Buffer.concat(chunks).toString();
}

function ended(
  child: ChildProcess,
  stdout: () => string,
  stderr: () => string,
  { args, timeoutMs }: { args: string[]; timeoutMs: number },
): Promise<QctlResult> {
  const done = new Promise<QctlResult>((resolve, reject) => {
    let late = false;
    const kill = () => {
      late = true;
      child.kill('SIGKILL');
    };
    const timer = timeoutMs > 0 ? setTimeout(kill, timeoutMs) : undefined;
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      release(child.pid);
      if (late)
        reject(new Error(`qctl ${args.join(' ')} ran longer than ${timeoutMs} ms\n${stdout()}\n${stderr()}`));
      else resolve({ code, signal, stdout: stdout(), stderr: stderr() });
    });
  });
  // Whoever awaits it later still gets the error.
  done.catch(() => {});
  return done;
}
