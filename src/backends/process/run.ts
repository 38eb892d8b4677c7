import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { endGroup, groupEnded } from './group.ts';
import { openStdin } from './stdin.ts';
import { Head, Tail } from './told.ts';

/** How a program is run. */
export interface RunOptions {
  /** Program and arguments; no shell is involved. */
  argv: readonly string[];
  cwd?: string;
  /** The whole environment of the child; the program is looked for on its PATH. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Stands on stdin, which then ends; absent: stdin is empty. Can be opened as `/dev/stdin` too. */
  stdin?: string;
  timeoutMs: number;
  /** Time between SIGTERM and SIGKILL to its process group. Default 5000. */
  graceMs?: number;
  signal?: AbortSignal;
  /** How much of stdout is kept. Default 64 KiB. */
  stdoutBytes?: number;
}

/**
 * How it ended. `missing` and `notExecutable`: it never began, and `tail` says why. `failed`: it ended with
 * a code that is not 0, by a signal, or could not be started for another reason. `leftOpen`: it ended, and
 * something it had started went on, or still held its output; that was ended too.
 */
export interface RunOutcome {
  ended: 'ok' | 'failed' | 'missing' | 'notExecutable' | 'timedOut' | 'aborted' | 'leftOpen';
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The first 64 KiB. */
  stdout: string;
  /** The last 8 KiB of both outputs together, whole lines where possible: more than is shown, so that a secret is whole in it. */
  tail: string;
  elapsedMs: number;
}

const STDOUT_BYTES = 64 * 1024;
const TAIL_BYTES = 8 * 1024;
const GRACE_MS = 5000;
/** What a pipeline's last member or a `tee` needs to end after the program that started it. */
const LINGER_MS = 500;
/** The longest that setTimeout can wait; a longer one would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Runs a program in its own session and process group, which is gone when this returns: at its end, after
 * `timeoutMs`, or once the signal is aborted, whoever of the group is left gets SIGTERM, and after `graceMs`
 * SIGKILL. What has made itself a session of its own (a daemon, a service) is left alone. It has no terminal:
 * whatever asks for a password fails instead of waiting. Never rejects.
 *
 * Where this process itself is killed with SIGKILL nobody is there to end the child: it goes on, and whoever
 * takes over must expect that it still runs or ends later, and ask for the state of things, not for the child.
 */
export async function runProgram(options: RunOptions): Promise<RunOutcome> {
  const began = performance.now();
  const stdout = new Head(options.stdoutBytes ?? STDOUT_BYTES);
  const tail = new Tail(TAIL_BYTES);
  const end = await (options.signal?.aborted ? ABORTED : run(options, stdout, tail));
  return {
    ...end,
    stdout: stdout.text(),
    tail: tail.text(),
    elapsedMs: Math.round(performance.now() - began),
  };
}

type End = Pick<RunOutcome, 'ended' | 'code' | 'signal'>;

const ABORTED: End = { ended: 'aborted', code: null, signal: null };

async function run(options: RunOptions, stdout: Head, tail: Tail): Promise<End> {
  const child = start(options);
  if (child instanceof Error) return notStarted(child, options, tail);
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout.add(chunk);
    tail.add('stdout', chunk);
  });
  child.stderr?.on('data', (chunk: Buffer) => tail.add('stderr', chunk));
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const exited = new Promise<Error | null>((resolve) => {
    child.once('exit', () => resolve(null));
    child.once('error', resolve);
  });
  // No pid, no process: the error tells why.
  if (child.pid === undefined) return notStarted((await exited) ?? new Error('unknown'), options, tail);
  const cut = await firstOf(exited, options);
  const graceMs = options.graceMs ?? GRACE_MS;
  if (cut) await endGroup(child.pid, graceMs);
  const left = cut ? false : await stillGoing(child.pid, closed);
  if (left) await endGroup(child.pid, graceMs);
  await Promise.race([closed, sleep(LINGER_MS, undefined, { ref: false })]);
  letGo(child);
  const { exitCode: code, signalCode: signal } = child;
  return { ended: cut ?? (left ? 'leftOpen' : code === 0 ? 'ok' : 'failed'), code, signal };
}

function start({ argv: [program, ...args], cwd, env, stdin }: RunOptions): ChildProcess | Error {
  const input = openStdin(stdin ?? '');
  const options: SpawnOptions = { cwd, env, detached: true, stdio: [input ?? 'pipe', 'pipe', 'pipe'] };
  try {
    const child = spawn(program!, args, options);
    // It may end without having read what was meant for it; that is its own affair.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(stdin);
    return child;
  } catch (error) {
    return error as Error;
  } finally {
    if (input !== undefined) closeSync(input);
  }
}

async function notStarted(error: NodeJS.ErrnoException, options: RunOptions, tail: Tail): Promise<End> {
  const folder = options.cwd;
  const noFolder = folder !== undefined && !(await stat(folder).catch(() => undefined))?.isDirectory();
  // Of a folder that is not there the system says that the program is not.
  if (noFolder) tail.add('stderr', Buffer.from(`there is no folder ${folder}\n`));
  else tail.add('stderr', Buffer.from(`${options.argv[0]}: ${reasonOf(error)}\n`));
  const missing = noFolder || error.code === 'ENOENT' || error.code === 'ENOTDIR';
  const ended = missing ? 'missing' : error.code === 'EACCES' ? 'notExecutable' : 'failed';
  return { ended, code: null, signal: null };
}

/** Node's own message repeats the arguments where one of them is not valid. */
function reasonOf({ code }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'not found, or the interpreter that its first line names is not';
  if (code === 'EACCES') return 'may not be executed';
  if (code === 'E2BIG') return 'the arguments and the environment are too long';
  if (code === 'ERR_INVALID_ARG_VALUE') return 'an argument holds a NUL byte, or the name is empty';
  return `could not be started (${code ?? 'unknown'})`;
}

/** Null where it ended by itself, else why it must end now. */
async function firstOf(
  exited: Promise<unknown>,
  { timeoutMs, signal }: RunOptions,
): Promise<'timedOut' | 'aborted' | null> {
  let settle: (why: 'timedOut' | 'aborted') => void = () => undefined;
  const cut = new Promise<'timedOut' | 'aborted'>((resolve) => {
    settle = resolve;
  });
  const abort = (): void => settle('aborted');
  const timer = setTimeout(() => settle('timedOut'), Math.min(timeoutMs, LONGEST_MS));
  signal?.addEventListener('abort', abort);
  if (signal?.aborted) abort();
  try {
    return await Promise.race([exited.then(() => null), cut]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

/** Whether, a moment after the program's end, its output is held open or somebody of its group is left. */
async function stillGoing(group: number, closed: Promise<void>): Promise<boolean> {
  const open = await Promise.race([closed.then(() => false), sleep(LINGER_MS, true, { ref: false })]);
  return open || !(await groupEnded(group, LINGER_MS));
}

/** What escaped from the group may hold the pipes for ever; nothing of ours waits for it. */
function letGo(child: ChildProcess): void {
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
  child.unref();
}
