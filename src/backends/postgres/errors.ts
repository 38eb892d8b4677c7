import { isQctlError, QctlError } from '../../errors.ts';
import { explainNetwork, networkCode, plainCause } from '../redis/network.ts';

/** SQLSTATEs, or their first two letters, after which the same statement may well succeed later. */
const PASSING: Record<string, string> = {
  '08': 'connection lost',
  '25006': 'server is a read-only standby',
  '40001': 'transactions got in each other’s way (40001)',
  '40P01': 'deadlock with another session',
  '53': 'server is out of resources',
  '53300': 'server has no free connection',
  '55P03': 'another session holds the lock',
  '57P01': 'server is shutting down',
  '57P02': 'server is recovering from a crash',
  '57P03': 'server is starting up',
};

const LOST =
  /^Connection terminated|^Client (has encountered a connection error|was closed)|^timeout expired|is not queryable/;

/** The SQLSTATE of an error, or of its cause. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : sqlState(error.cause);
}

/** A short reason where reconnecting, waiting and repeating makes sense, else undefined. */
export function isRetryablePostgres(error: unknown): string | undefined {
  if (isQctlError(error)) return error.kind === 'source' ? isRetryablePostgres(error.cause) : undefined;
  if (!(error instanceof Error)) return undefined;
  const network = explainNetwork(error);
  if (network) return network.passing ? `connection lost: ${networkCode(error)}` : undefined;
  const state = sqlState(error);
  if (state) return PASSING[state] ?? PASSING[state.slice(0, 2)];
  return LOST.test(error.message) ? 'connection lost' : undefined;
}

interface Verdict {
  kind: 'auth' | 'config' | 'source';
  code: string;
  why: string;
  hint: string[];
}

const STATES: Record<string, Verdict> = {
  '28P01': {
    kind: 'auth',
    code: 'POSTGRES_AUTH',
    why: 'wrong user name or password',
    hint: ['check the user name and the password'],
  },
  '28000': {
    kind: 'auth',
    code: 'POSTGRES_AUTH',
    why: 'the server does not let this user in',
    hint: ['check the user name, and the line for it in pg_hba.conf'],
  },
  '42501': {
    kind: 'auth',
    code: 'POSTGRES_PERMISSION',
    why: 'permission denied',
    hint: ['grant what is missing to this user'],
  },
  '3D000': {
    kind: 'source',
    code: 'POSTGRES_NO_DATABASE',
    why: 'there is no such database',
    hint: ['check the name after the last slash of the URL'],
  },
  '42P01': {
    kind: 'source',
    code: 'POSTGRES_NO_TABLE',
    why: 'there is no such table',
    hint: ['check its name and its schema'],
  },
  '53300': {
    kind: 'source',
    code: 'POSTGRES_CONNECTIONS',
    why: 'the server has no free connection',
    hint: ['close other sessions, or raise max_connections'],
  },
  '57P03': {
    kind: 'source',
    code: 'POSTGRES_STARTING',
    why: 'the server is starting up',
    hint: ['wait and try again'],
  },
};

const TEXTS: [match: RegExp, verdict: Verdict][] = [
  [
    /does not support SSL/,
    {
      kind: 'source',
      code: 'POSTGRES_TLS',
      why: 'the server does not support SSL',
      hint: ['use sslmode=disable, or turn ssl on at the server'],
    },
  ],
  [
    /establishing an SSL connection/,
    {
      kind: 'source',
      code: 'POSTGRES_TLS',
      why: 'the TLS handshake failed',
      hint: ['check the port: is it PostgreSQL that listens there?'],
    },
  ],
  [
    /password must be a (non-empty )?string|no password was given/,
    {
      kind: 'auth',
      code: 'POSTGRES_AUTH',
      why: 'the server wants a password and none was given',
      hint: ['give a password, for example in the URL or in PGPASSWORD'],
    },
  ],
  [
    /^timeout expired/,
    {
      kind: 'source',
      code: 'POSTGRES_TIMEOUT',
      why: 'no answer in time',
      hint: ['check the host and the port, and that a firewall lets this machine through'],
    },
  ],
];

function verdict(error: unknown): Verdict {
  const text = error instanceof Error ? error.message : String(error);
  const state = sqlState(error);
  if (state) return byState(state, text);
  const known = TEXTS.find(([match]) => match.test(text));
  if (known) return known[1];
  const network = explainNetwork(error);
  if (network)
    return { kind: 'source', code: `POSTGRES_${network.code}`, why: network.why, hint: network.hint };
  const passing = isRetryablePostgres(error);
  if (passing)
    return {
      kind: 'source',
      code: 'POSTGRES_UNAVAILABLE',
      why: passing,
      hint: ['wait for the server and try again'],
    };
  return { kind: 'source', code: 'POSTGRES_FAILED', why: text || 'unknown error', hint: [] };
}

// The server's own sentence names the user, table or database; it is kept where it says more.
function byState(state: string, text: string): Verdict {
  const known = STATES[state];
  if (!known) return { kind: 'source', code: 'POSTGRES_FAILED', why: `${text} (${state})`, hint: [] };
  const own = ['28000', '42501', '42P01', '3D000'].includes(state) ? text : known.why;
  return { ...known, why: `${own} (${state})` };
}

/**
 * Turns any error of PostgreSQL into one that may be shown: what, why, what to do.
 * Details and parameters of a statement, which may hold bodies, stay behind.
 *
 * @param doing what was tried, as a verb phrase: `read table orders`
 */
export function toSourceError(error: unknown, label: string, doing: string): QctlError {
  if (isQctlError(error)) return error;
  const { kind, code, why, hint } = verdict(error);
  const details = { server: label, sqlState: sqlState(error) ?? null };
  return new QctlError(kind, `cannot ${doing} (${label}): ${why}`, {
    code,
    hint: [...hint],
    details,
    cause: plainCause(error),
  });
}
