import { interpolate } from '../../src/config/interpolate.ts';
import type { Lead } from '../../src/init/index.ts';

/** Where a lead ends: two that end at the same place are one. Never shown, never kept. */
export function addressOf({ written, values, kind }: Lead): { server: string; whole: string } {
  const filled = filledIn(written, values);
  if (!filled) return { server: JSON.stringify(written), whole: JSON.stringify(written) };
  const url = text(filled.url) ?? text(filled.endpoint) ?? text(filled.queueUrl);
  if (url !== undefined) return ofUrl(url, kind, text(filled.queueUrl));
  const host = text(filled.host) ?? values.PGHOST ?? 'localhost';
  const port = filled.port ?? values.PGPORT ?? 5432;
  if (kind !== 'postgres') return { server: JSON.stringify(filled), whole: JSON.stringify(filled) };
  const server = `${here(host)}:${port}`;
  return { server, whole: `${server}/${text(filled.database) ?? values.PGDATABASE ?? ''}` };
}

const PORTS = { redis: 6379, postgres: 5432, sqs: 443 };

function ofUrl(
  url: string,
  kind: Lead['kind'],
  queue: string | undefined,
): { server: string; whole: string } {
  const whole = /^\w+:\/\//.test(url) ? url : `redis://${url}`;
  if (!URL.canParse(whole)) return { server: url, whole: url };
  const { hostname, port, pathname } = new URL(whole);
  const server = `${here(hostname)}:${port || PORTS[kind]}`;
  // Databases of one Redis are told apart by nobody who looks for a server.
  return { server, whole: kind === 'redis' ? server : `${server}${queue ?? pathname}` };
}

/** With variables put in; undefined where one is not set. */
export function filledIn(
  written: Lead['written'],
  values: Lead['values'],
): Record<string, unknown> | undefined {
  try {
    return interpolate(written, values) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function here(host: string): string {
  return /^(127(\.\d+){3}|\[?::1\]?|localhost)$/.test(host) ? 'localhost' : host;
}
