import { findSimilar } from '../config/similar.ts';
import { readTimeRule } from './read-time.ts';
import {
  DEFAULT_RULES,
  type LoadRule,
  type RouteRules,
  type Share,
  type Side,
  type TimeRule,
} from './route.ts';
import { EXPECTED_PERCENT, EXPECTED_SHARE, parsePercent, parseShare, parseSide } from './share.ts';

/** One thing that is wrong in what somebody wrote. */
export interface RuleProblem {
  /** `['types', 'refund']`. */
  path: string[];
  problem: string;
  hint?: string;
}

/** Reads one value, and notes what is wrong with it. */
export type Complain = (path: string[], problem: string, hint?: string) => void;

/** Longest that the rules of a route may be as JSON, in bytes: each process reads them every second. */
export const MOST_RULE_BYTES = 65_536;

const RULE_KEYS = ['percent', 'types', 'keys', 'load', 'time', 'default'];
/** Not rules, and known all the same. */
const STAMP_KEYS = ['version', 'changedBy', 'changedAt', 'reason', 'removed'];

/**
 * Reads rules as they stand in a file, a plan or Redis; numbers may be texts. What is not given is as in
 * {@link DEFAULT_RULES}.
 *
 * @param strict an unknown field is a problem: somebody has misspelt it
 */
export function readRules(raw: unknown, strict = true): { rules: RouteRules; problems: RuleProblem[] } {
  const problems: RuleProblem[] = [];
  const complain: Complain = (path, problem, hint) => problems.push({ path, problem, ...(hint && { hint }) });
  const fields = mappingOf(raw, [], complain);
  if (strict) refuseUnknown(fields, [...RULE_KEYS, ...STAMP_KEYS], RULE_KEYS, [], complain);
  const rules: RouteRules = {
    percent: orDefault(fields.percent, 0, (value) =>
      read(value, ['percent'], parsePercent, EXPECTED_PERCENT, complain),
    ),
    types: readRecord<Share>(fields.types, 'types', parseShare, EXPECTED_SHARE, complain),
    keys: readRecord<Side>(fields.keys, 'keys', parseSide, 'old or new', complain),
    load: isNothing(fields.load) ? null : readLoad(fields.load, complain),
    time: isNothing(fields.time) ? [] : readTimes(fields.time, complain),
    default: orDefault(fields.default, DEFAULT_RULES.default, (value) =>
      read(value, ['default'], parseSide, 'old or new', complain),
    ),
  };
  const bytes = Buffer.byteLength(JSON.stringify(rules));
  if (bytes > MOST_RULE_BYTES) complain([], `takes ${bytes} bytes, the most is ${MOST_RULE_BYTES}`, FEWER);
  return { rules, problems };
}

const FEWER = 'name types in place of keys: every process reads the whole route again and again';

/** What a YAML file says where it says nothing, too. */
function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === '' || value === '~' || value === 'null';
}

function orDefault<T>(value: unknown, fallback: T, read: (value: unknown) => T | undefined): T {
  return isNothing(value) ? fallback : (read(value) ?? fallback);
}

function read<T>(
  value: unknown,
  path: string[],
  parse: (value: unknown) => T | undefined,
  expected: string,
  complain: Complain,
): T | undefined {
  const parsed = parse(value);
  if (parsed === undefined) complain(path, `expected ${expected}, got ${shown(value)}`);
  return parsed;
}

function readRecord<T>(
  raw: unknown,
  field: string,
  parse: (value: unknown) => T | undefined,
  expected: string,
  complain: Complain,
): Record<string, T> {
  if (isNothing(raw)) return {};
  const entries = Object.entries(mappingOf(raw, [field], complain)).flatMap(([name, value]) => {
    if (name === '') complain([field], 'an empty name means nothing: what has none is never asked for');
    const parsed = read(value, [field, name], parse, expected, complain);
    return parsed === undefined ? [] : [[name, parsed] as const];
  });
  return Object.fromEntries(entries);
}

const LOAD_KEYS = ['stream', 'group', 'published', 'above', 'to'];

function readLoad(raw: unknown, complain: Complain): LoadRule | null {
  const fields = mappingOf(raw, ['load'], complain);
  refuseUnknown(fields, LOAD_KEYS, LOAD_KEYS, ['load'], complain);
  const text = (field: string) => (isNothing(fields[field]) ? undefined : String(fields[field]));
  const [stream, group, published] = [text('stream'), text('group'), text('published')];
  if ((stream === undefined) === (published === undefined))
    complain(['load'], 'needs either stream (with or without group) or published');
  if (group !== undefined && stream === undefined) complain(['load', 'group'], 'needs a stream');
  const above = read(fields.above, ['load', 'above'], parseBound, 'a number from 0', complain);
  const to = read(fields.to, ['load', 'to'], parseShare, EXPECTED_SHARE, complain);
  if (above === undefined || to === undefined) return null;
  return { ...(stream && { stream }), ...(group && { group }), ...(published && { published }), above, to };
}

function parseBound(value: unknown): number | undefined {
  const text = typeof value === 'number' || typeof value === 'string' ? String(value) : '';
  return /^\d{1,15}(\.\d{1,6})?$/.test(text) ? Number(text) : undefined;
}

function readTimes(raw: unknown, complain: Complain): TimeRule[] {
  if (!Array.isArray(raw)) {
    complain(['time'], `expected a list, got ${shown(raw)}`);
    return [];
  }
  return raw.flatMap((one, at) => {
    const path = ['time', String(at)];
    return readTimeRule(mappingOf(one, path, complain), path, complain) ?? [];
  });
}

/** Notes fields that do not exist, with the similar one that does. */
export function refuseUnknown(
  fields: object,
  known: readonly string[],
  offered: readonly string[],
  path: string[],
  complain: Complain,
): void {
  for (const name of Object.keys(fields)) {
    if (known.includes(name)) continue;
    const similar = findSimilar(name, offered);
    complain([...path, name], 'unknown field', similar ? `did you mean ${similar}?` : undefined);
  }
}

function mappingOf(raw: unknown, path: string[], complain: Complain): Record<string, unknown> {
  if (isNothing(raw)) return {};
  if (typeof raw === 'object' && !Array.isArray(raw)) return raw as Record<string, unknown>;
  complain(path, `expected a mapping, got ${shown(raw)}`);
  return {};
}

/** A value as an error can name it. */
export function shown(value: unknown): string {
  if (isNothing(value)) return 'nothing';
  if (typeof value === 'object') return Array.isArray(value) ? 'a list' : 'a mapping';
  return JSON.stringify(String(value).slice(0, 60));
}
