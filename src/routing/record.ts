import { isQctlError, QctlError } from '../errors.ts';
import type { Route, RouteRules } from './route.ts';
import { readRules } from './rules.ts';

/** What stands in a store under the name of a route. */
export interface RouteLook {
  /** Null: there is none. */
  route: Route | null;
  /** Of what stands there, also where that says only that the route was removed; 0: nothing does. */
  version: number;
  /** True where somebody has removed it, false where nothing is known of it. */
  removed: boolean;
}

/** One change, as the history keeps it. */
export interface RouteChangeRecord {
  version: number;
  changedBy: string | null;
  changedAt: string | null;
  reason: string | null;
  /** Null: it was removed. */
  route: Route | null;
}

/** Fields of a hash, or of a mapping in a file. */
export type RouteFields = Readonly<Record<string, unknown>>;

/** The rules as fields of a hash; other languages need no JSON for the percentage. */
export function toFields(rules: RouteRules): Record<string, string> {
  return {
    percent: String(rules.percent),
    types: JSON.stringify(rules.types),
    keys: JSON.stringify(rules.keys),
    load: rules.load ? JSON.stringify(rules.load) : '',
    time: JSON.stringify(rules.time),
    default: rules.default,
  };
}

const NESTED = ['types', 'keys', 'load', 'time'];

/** Reads a hash of Redis. Throws `target` BAD_ROUTE where it is none of qctl's. */
export function fromHash(name: string, hash: Readonly<Record<string, string>>): RouteLook {
  try {
    return readHash(name, hash);
  } catch (error) {
    if (isQctlError(error)) error.details.version = versionOf(hash.version);
    throw error;
  }
}

function readHash(name: string, hash: Readonly<Record<string, string>>): RouteLook {
  const version = versionOf(hash.version);
  const removed = hash.removed === '1';
  if (removed || Object.keys(hash).length === 0) return { route: null, version, removed };
  const { rules, problems } = readRules(nested(name, hash), false);
  if (hash.percent === undefined) throw badRoute(name, 'percent is missing');
  const [first] = problems;
  if (first) throw badRoute(name, `${first.path.join('.')}: ${first.problem}`);
  return { route: { name, ...rules, ...stampOf(hash) }, version, removed };
}

function nested(name: string, hash: Readonly<Record<string, string>>): Record<string, unknown> {
  const fields = Object.entries(hash).map(([field, text]) => {
    if (!NESTED.includes(field) || text === '') return [field, text];
    try {
      return [field, JSON.parse(text)];
    } catch {
      throw badRoute(name, `${field} is no JSON`);
    }
  });
  return Object.fromEntries(fields);
}

function badRoute(name: string, why: string): QctlError {
  return new QctlError('target', `route ${name} cannot be read: ${why}`, {
    code: 'BAD_ROUTE',
    hint: [`look at it with HGETALL 'qctl:{route:${name}}'; something other than qctl has written it`],
  });
}

/** Who, when and why; all of it may be missing. */
export function stampOf(fields: RouteFields): Pick<Route, 'version' | 'changedBy' | 'changedAt' | 'reason'> {
  const text = (value: unknown) =>
    value === undefined || value === null || value === '' ? null : String(value);
  return {
    version: versionOf(fields.version),
    changedBy: text(fields.changedBy),
    changedAt: timeOf(text(fields.changedAt)),
    reason: text(fields.reason),
  };
}

function versionOf(value: unknown): number {
  const version = Number(value ?? 0);
  return Number.isSafeInteger(version) && version > 0 ? version : 0;
}

function timeOf(text: string | null): string | null {
  if (text === null || !/^\d+$/.test(text)) return text;
  const time = new Date(Number(text));
  return Number.isNaN(time.getTime()) ? text : time.toISOString();
}
