import { stat } from 'node:fs/promises';
import { readConfiguredFile } from '../../config/secrets.ts';
import { QctlError } from '../../errors.ts';
import { digestOf, sameDigest } from './compare.ts';

/** Who may look, as digests. */
export interface Credentials {
  /** Whether there is a token, and whether there are users. */
  readonly kinds: { token: boolean; users: boolean };
  isToken(text: string): boolean;
  isUser(name: string, password: string): boolean;
}

/** Where credentials lie. */
export interface CredentialFiles {
  /** Holds the bearer token. */
  tokenFile?: string;
  /** Lines `user:password`; empty ones and those that begin with `#` do not count. */
  basicAuthFile?: string;
}

const SHORTEST_TOKEN = 16;
const SHORTEST_PASSWORD = 8;
// What everybody on the machine may read; that of a mounted secret often stands so, hence no refusal.
const READABLE_BY_OTHERS = 0o004;

/**
 * Reads the files. Throws `config` where one cannot be read, is empty, or holds what could be guessed.
 *
 * @param warn told of a file that everybody on this machine may read
 * @returns undefined where no file is named
 */
export async function readCredentials(
  { tokenFile, basicAuthFile }: CredentialFiles,
  warn: (text: string) => void,
): Promise<Credentials | undefined> {
  if (tokenFile === undefined && basicAuthFile === undefined) return undefined;
  const token = tokenFile === undefined ? undefined : readToken(await readSecret(tokenFile, TOKEN, warn));
  const users =
    basicAuthFile === undefined
      ? new Map<string, Buffer>()
      : readUsers(await readSecret(basicAuthFile, USERS, warn), basicAuthFile);
  return credentialsOf(token, users);
}

/** Of a token and users as they are, such as a program has them. */
export function credentialsOf(token: string | undefined, users: ReadonlyMap<string, Buffer>): Credentials {
  const known = token === undefined ? undefined : digestOf(token);
  // An unknown user costs as much as a known one.
  const nobody = digestOf('');
  return {
    kinds: { token: known !== undefined, users: users.size > 0 },
    isToken: (text) => known !== undefined && sameDigest(digestOf(text), known),
    isUser(name, password) {
      const expected = users.get(name);
      const same = sameDigest(digestOf(password), expected ?? nobody);
      return same && expected !== undefined;
    },
  };
}

const TOKEN = 'serve.tokenFile';
const USERS = 'serve.basicAuthFile';

async function readSecret(path: string, field: string, warn: (text: string) => void): Promise<string> {
  const text = await readConfiguredFile(path, field);
  const { mode } = await stat(path);
  if (process.platform !== 'win32' && (mode & READABLE_BY_OTHERS) !== 0)
    warn(`everybody on this machine may read ${path}: chmod 600 ${path}`);
  return text;
}

function readToken(text: string): string {
  const token = text.trim();
  if (token.length >= SHORTEST_TOKEN && !/\s/.test(token)) return token;
  throw new QctlError('config', `${TOKEN}: expected one token of at least ${SHORTEST_TOKEN} characters`, {
    code: 'TOKEN_INVALID',
    hint: ['make one: openssl rand -hex 32 > FILE'],
  });
}

function readUsers(text: string, path: string): Map<string, Buffer> {
  const users = new Map<string, Buffer>();
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const colon = line.indexOf(':');
    const password = line.slice(colon + 1);
    if (colon < 1 || password.length < SHORTEST_PASSWORD) throw badLine(path, at + 1);
    users.set(line.slice(0, colon), digestOf(password));
  }
  if (users.size > 0) return users;
  throw new QctlError('config', `${USERS}: ${path} names no user`, {
    code: 'USERS_MISSING',
    hint: ['write lines user:password'],
  });
}

/** Without the line itself, which may hold a password. */
function badLine(path: string, line: number): QctlError {
  return new QctlError('config', `${USERS}: line ${line} of ${path} is no user:password`, {
    code: 'USERS_INVALID',
    hint: [
      `a password has at least ${SHORTEST_PASSWORD} characters, and stands there as it is, not as a hash`,
    ],
    details: { line },
  });
}
