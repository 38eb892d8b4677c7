import { basename } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { type RunOutcome, runProgram } from '../../backends/process/index.ts';
import type { CommandConfig } from '../../config/alert-schema.ts';
import { redactText } from '../../config/redact.ts';
import { shorten } from '../../model/shorten.ts';
import type { AlertMessage } from '../message.ts';
import { SendFailed, type SendWorld } from '../secrets.ts';

const GRACE_MS = 1000;
const STDOUT_BYTES = 4096;
const MOST_SAID = 200;

/** Runs a program: the message stands on its stdin as JSON, and its main fields in the environment. */
export async function tellCommand(
  channel: CommandConfig & { name: string },
  message: AlertMessage,
  { env, signal }: SendWorld,
): Promise<void> {
  const outcome = await runProgram({
    argv: channel.run,
    cwd: channel.cwd,
    env: { ...env, ...variablesOf(message) },
    stdin: `${JSON.stringify(message)}\n`,
    timeoutMs: channel.timeout,
    graceMs: GRACE_MS,
    signal,
    stdoutBytes: STDOUT_BYTES,
  });
  signal.throwIfAborted();
  if (outcome.ended !== 'ok') throw failed(channel, outcome);
}

function variablesOf(message: AlertMessage): Record<string, string> {
  const { id, incident, rule, kind, state, severity, summary, description, value, why, since } = message;
  const given = { id, incident, rule, kind, state, severity, summary, description, value, why, since };
  return Object.fromEntries(
    // A variable ends at a NUL byte, and Node refuses one that holds it.
    Object.entries(given).map(([name, value]) => [
      `QCTL_ALERT_${name.toUpperCase()}`,
      String(value ?? '').replaceAll('\0', ''),
    ]),
  );
}

const ENDED: Record<RunOutcome['ended'], string> = {
  ok: 'it is done',
  failed: 'it failed',
  missing: 'it was not found',
  notExecutable: 'it may not be executed',
  timedOut: 'it took too long and was ended',
  aborted: 'it was ended',
  leftOpen: 'something that it started went on, and was ended',
};

function failed({ name, run }: CommandConfig & { name: string }, outcome: RunOutcome): SendFailed {
  const { ended, code, tail } = outcome;
  const how = ended === 'failed' && code !== null ? `exit ${code}` : ENDED[ended];
  const last = redactText(stripVTControlCharacters(tail)).trim().split('\n').at(-1) ?? '';
  const said = last === '' ? '' : ` (${shorten(last, MOST_SAID)})`;
  return new SendFailed(name, `${basename(run[0]!)}: ${how}${said}`, [
    'run it by hand as the same user, with the same environment',
  ]);
}
