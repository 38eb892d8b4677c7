import { isQctlError } from '../../errors.ts';
import { explainNetwork, networkCode } from '../network.ts';

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
