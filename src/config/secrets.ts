import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { QctlError } from '../errors.ts';

const COMMAND_TIMEOUT_MS = 15_000;

/** Where a password comes from; the first of the three that is given counts. */
export interface SecretSource {
  password?: string;
  passwordFile?: string;
  passwordCommand?: string[];
}

/**
 * The password itself. It is read each time it is asked for, so that a rotated one is found.
 *
 * @param field what the password is for, as an error names it: `redis.passwordFile`
 */
export async function resolveSecret(source: SecretSource, field: string): Promise<string | undefined> {
  if (source.password !== undefined) return source.password;
  if (source.passwordFile !== undefined) return readSecretFile(source.passwordFile, `${field}.passwordFile`);
  if (source.passwordCommand) return runSecretCommand(source.passwordCommand, `${field}.passwordCommand`);
  return undefined;
}

/** Reads a file that the configuration names: a password, a certificate, a key. */
export async function readConfiguredFile(path: string, field: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new QctlError('config', `${field}: cannot read ${path} (${reason})`, {
      code: 'CONFIG_FILE_UNREADABLE',
      hint: ['check the path, and that this user may read the file'],
      details: { field, path },
      cause,
    });
  }
}

async function readSecretFile(path: string, field: string): Promise<string> {
  const secret = (await readConfiguredFile(path, field)).replace(/\r?\n$/, '');
  if (secret === '') throw emptySecret(`${field}: ${path} is empty`);
  return secret;
}

async function runSecretCommand([program, ...args]: string[], field: string): Promise<string> {
  const output = await promisify(execFile)(program!, args, { timeout: COMMAND_TIMEOUT_MS }).catch((cause) => {
    throw commandFailed(program!, field, cause);
  });
  const secret = output.stdout.replace(/\r?\n$/, '');
  if (secret === '') throw emptySecret(`${field}: ${program} printed nothing`);
  return secret;
}

/** The cause is not kept: its message repeats the arguments and what the program printed. */
function commandFailed(
  program: string,
  field: string,
  cause: { code?: unknown; killed?: boolean },
): QctlError {
  const reason = cause.killed ? `no answer after ${COMMAND_TIMEOUT_MS / 1000}s` : `exit ${cause.code}`;
  return new QctlError('config', `${field}: ${program} failed (${reason})`, {
    code: 'PASSWORD_COMMAND_FAILED',
    hint: ['run the command by hand; it must print the password and nothing else'],
    details: { field, program },
  });
}

function emptySecret(message: string): QctlError {
  return new QctlError('config', message, { code: 'SECRET_EMPTY', hint: ['put the password there'] });
}
