import type { Hints } from '../../errors.ts';
import { explainNetwork } from '../network.ts';
import { isRetryablePostgres, sqlState } from './retry.ts';

/** What an error means to the reader: the parts of a QctlError. */
export interface Verdict {
  kind: 'auth' | 'config' | 'source';
  code: string;
  /** Lower-case clause that follows a colon. */
  why: string;
  hint: string[];
}

function is(kind: Verdict['kind'], code: string, why: string, ...hint: Hints): Verdict {
  return { kind, code, why, hint };
}

const STATES: Record<string, Verdict> = {
  '28P01': is('auth', 'POSTGRES_AUTH', 'wrong user name or password', 'check the user name and the password'),
  '28000': is(
    'auth',
    'POSTGRES_AUTH',
    'the server does not let this user in',
    'check the user name, and the line for it in pg_hba.conf',
  ),
  '42501': is('auth', 'POSTGRES_PERMISSION', 'permission denied', 'grant what is missing to this user'),
  '3D000': is(
    'source',
    'POSTGRES_NO_DATABASE',
    'there is no such database',
    'check the name after the last slash of the URL',
  ),
  '42P01': is('source', 'POSTGRES_NO_TABLE', 'there is no such table', 'check its name and its schema'),
  '53300': is(
    'source',
    'POSTGRES_CONNECTIONS',
    'the server has no free connection',
    'close other sessions, or raise max_connections',
  ),
  '57P03': is('source', 'POSTGRES_STARTING', 'the server is starting up', 'wait and try again'),
};

const TEXTS: [match: RegExp, verdict: Verdict][] = [
  [
    /does not support SSL/,
    is(
      'source',
      'POSTGRES_TLS',
      'the server does not support SSL',
      'use sslmode=disable, or turn ssl on at the server',
    ),
  ],
  [
    /establishing an SSL connection/,
    is(
      'source',
      'POSTGRES_TLS',
      'the TLS handshake failed',
      'check the port: is it PostgreSQL that listens there?',
    ),
  ],
  [
    /password must be a (non-empty )?string|no password was given/,
    is(
      'auth',
      'POSTGRES_AUTH',
      'the server wants a password and none was given',
      'give a password, for example in the URL or in PGPASSWORD',
    ),
  ],
  [
    /^timeout expired/,
    is(
      'source',
      'POSTGRES_TIMEOUT',
      'no answer in time',
      'check the host and the port, and that a firewall lets this machine through',
    ),
  ],
];

const LOG = 'look into the log of the server';

/** Judges an error of the server, of a socket or of the client. */
export function verdict(error: unknown): Verdict {
  const text = error instanceof Error ? error.message : String(error);
  const state = sqlState(error);
  if (state) return byState(state, text);
  const known = TEXTS.find(([match]) => match.test(text));
  if (known) return known[1];
  const network = explainNetwork(error);
  if (network) return is('source', `POSTGRES_${network.code}`, network.why, ...network.hint);
  const passing = isRetryablePostgres(error);
  if (passing) return is('source', 'POSTGRES_UNAVAILABLE', passing, 'wait for the server and try again');
  return is('source', 'POSTGRES_FAILED', text || 'unknown error', LOG);
}

// The server's own sentence names the user, table or database; it is kept where it says more.
function byState(state: string, text: string): Verdict {
  const known = STATES[state];
  if (!known) return is('source', 'POSTGRES_FAILED', `${text} (${state})`, LOG);
  const own = ['28000', '42501', '42P01', '3D000'].includes(state) ? text : known.why;
  return { ...known, why: `${own} (${state})` };
}
