import { routeKeys } from '../model/keys.ts';
import type { LoadRule } from './route.ts';

/** What is asked of a client of Redis: ioredis and a connection of qctl fit. */
export interface RouterClient {
  hgetall(key: string): Promise<Record<string, string>>;
  get(key: string): Promise<string | null>;
  xlen(key: string): Promise<number>;
  xinfo(subcommand: 'GROUPS', key: string): Promise<unknown>;
}

/**
 * The number of a load rule; null where there is none: no such stream or group, a server before 7.0 that does not know
 * the lag of a group, or nothing published. Throws the raw error of Redis.
 */
export async function measureLoad(client: RouterClient, rule: LoadRule): Promise<number | null> {
  if (rule.published !== undefined) return numberOf(await client.get(rule.published));
  if (rule.group === undefined) return client.xlen(rule.stream!);
  const groups = await client.xinfo('GROUPS', rule.stream!).catch((error: Error) => {
    if (/no such key/i.test(error.message)) return [];
    throw error;
  });
  return lagOf(groups as unknown[][], rule.group);
}

function lagOf(groups: readonly unknown[][], wanted: string): number | null {
  for (const flat of groups) {
    const field = (name: string) => flat[flat.indexOf(name) + 1];
    if (String(field('name')) !== wanted) continue;
    const lag = flat.includes('lag') ? field('lag') : null;
    return lag === null ? null : Number(lag);
  }
  return null;
}

function numberOf(text: string | null): number | null {
  const value = text === null || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}

/** Reads what stands in Redis of a route. */
export function readHash(client: RouterClient, name: string): Promise<Record<string, string>> {
  return client.hgetall(routeKeys(name).route);
}
