import { stripVTControlCharacters } from 'node:util';
import { lastLines, type RunOptions, type RunOutcome } from '../../backends/process/index.ts';
import { redactText } from '../../config/redact.ts';
import { QctlError } from '../../errors.ts';
import { shorten } from '../../model/shorten.ts';
import type { StepWorld } from '../step.ts';

/** A question to a service manager is answered at once, or something is wrong. */
const QUERY_MS = 20_000;
/** An order is bounded by the time of its step, which ends it through the signal. */
const ORDER_MS = 24 * 3_600_000;
const MOST_REASON = 200;

/** What may be said of how a command is run, besides what the helpers fill in. */
export type CommandOptions = Partial<Omit<RunOptions, 'argv' | 'env' | 'signal'>> & {
  /** Over what every command gets; null takes a name away. */
  env?: Readonly<Record<string, string | null>>;
};

/** Runs a program that only looks. */
export function query(
  world: StepWorld,
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<RunOutcome> {
  return world.command({
    timeoutMs: QUERY_MS,
    ...options,
    argv,
    env: environment(world, options.env),
  });
}

/** Runs a program that changes something, unless another process has taken the run over. */
export async function order(
  world: StepWorld,
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<RunOutcome> {
  await world.guard();
  return query(world, argv, { timeoutMs: ORDER_MS, ...options });
}

function environment(world: StepWorld, own: CommandOptions['env'] = {}): Record<string, string | undefined> {
  const given = Object.entries(own).map(([name, value]) => [name, value ?? undefined]);
  return { ...world.host.env, ...world.variables, ...Object.fromEntries(given) };
}

/** So much of what was printed goes into the journal. */
export const TAIL_BYTES = 2048;

/** The end of what a command printed, fit for the journal and the terminal. */
export function tailOf(outcome: RunOutcome, world: Pick<StepWorld, 'redact'>): string | undefined {
  // Known secrets first: one that is a URL would not be known again. And none that is cut would.
  const told = redactText(world.redact(stripVTControlCharacters(outcome.tail)));
  return told === '' ? undefined : lastLines(told, TAIL_BYTES);
}

const CODES: Record<RunOutcome['ended'], string> = {
  ok: 'COMMAND_UNEXPECTED',
  failed: 'COMMAND_FAILED',
  missing: 'COMMAND_MISSING',
  notExecutable: 'COMMAND_NOT_EXECUTABLE',
  timedOut: 'COMMAND_TIMED_OUT',
  aborted: 'COMMAND_ABORTED',
  leftOpen: 'COMMAND_LEFT_OPEN',
};

/**
 * What a command that did not do as it should is for the operator. The tail stands in `details.tail`.
 *
 * @param what the order that failed: `stop worker-old.service`
 */
export function commandError(
  outcome: RunOutcome,
  what: string,
  world: Pick<StepWorld, 'redact'>,
  { code, hint }: { code?: string; hint?: string[] } = {},
): QctlError {
  const tail = tailOf(outcome, world);
  const last = tail?.split('\n').at(-1);
  const why = `${howItEnded(outcome)}${last ? `: ${shorten(last, MOST_REASON)}` : ''}`;
  return new QctlError('failed', `${what}: ${why}`, {
    code: code ?? CODES[outcome.ended],
    hint: hint ?? hintOf(outcome),
    details: { tail: tail ?? null, exitCode: outcome.code, signal: outcome.signal },
  });
}

/** As a clause: `ended with code 3`. */
export function howItEnded({ ended, code, signal, elapsedMs }: RunOutcome): string {
  if (ended === 'missing') return 'the program is not there';
  if (ended === 'notExecutable') return 'the program may not be executed';
  if (ended === 'timedOut') return `not done after ${Math.round(elapsedMs / 1000)}s and stopped`;
  if (ended === 'aborted') return 'stopped before it was done';
  const left = ended === 'leftOpen' ? ', and what it had left running was stopped' : '';
  return `ended ${signal ? `by ${signal}` : `with code ${code}`}${left}`;
}

function hintOf({ ended }: RunOutcome): string[] {
  if (ended === 'missing') return ['check that it is installed on this host and stands on PATH'];
  if (ended === 'notExecutable') return ['chmod +x, or name its interpreter first'];
  if (ended === 'leftOpen')
    return ['what is to go on must be a service, or have a session (setsid) and an output of its own'];
  if (ended === 'timedOut') return ['find out what holds it up, or give it a longer timeout:'];
  return ['what it printed at its end stands in the journal of the run'];
}

const SECRET_NAME = /(?:password|passwd|secret|token|credential|api[-_]?key|(?<![a-z])(?:pass|pwd|auth))$/i;

/** True for a variable or an option whose value is nobody's business. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/**
 * A command as a person would type it, without what is secret in it.
 *
 * @param hide takes secrets out of a word: once they are quoted or cut nobody knows them again
 */
export function shownCommand(argv: readonly string[], hide: (text: string) => string): string {
  return shorten(argv.map((word, at) => quoted(hidden(hide(word), argv[at - 1]))).join(' '), 100);
}

function hidden(word: string, before = ''): string {
  if (/^-/.test(before) && !before.includes('=') && isSecretName(before)) return '***';
  const [, name] = /^([^=\s]+)=/.exec(word) ?? [];
  return name !== undefined && isSecretName(name) ? `${name}=***` : redactText(word);
}

function quoted(word: string): string {
  return /^[\w@%+=:,./*-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
