import { InvalidArgumentError } from 'commander';
import type { Hints } from '../../src/errors.ts';
import { parsePercent, type RouteEdit, readRules } from '../../src/routing/index.ts';
import { usageError } from '../stream-work.ts';

/** The flags of `route set` that say what is to be different. */
export interface SettingFlags {
  percent?: number;
  type?: string[];
  key?: string[];
  load?: string;
  time?: string[];
  default?: string;
}

/** Parser for `--percent`. */
export function parsePercentFlag(text: string): number {
  const percent = parsePercent(text);
  if (percent !== undefined) return percent;
  throw new InvalidArgumentError('expected a percentage from 0 to 100 with two decimals at most: 25, 0.5%');
}

/** Collects a flag that may be given several times. */
export function collect(text: string, before: string[] = []): string[] {
  return [...before, text];
}

/** Reads the flags. Throws `usage` with what is expected. */
export function editOf(flags: SettingFlags): RouteEdit {
  const types = pairs('--type', flags.type);
  const keys = pairs('--key', flags.key);
  const load = flags.load === '-' ? null : flags.load && fieldsOf('--load', flags.load);
  const isNever = flags.time?.length === 1 && flags.time[0] === '-';
  const time = isNever ? [] : flags.time?.map((text) => fieldsOf('--time', text));
  const said = { types: given(types), keys: given(keys), load, time, default: flags.default };
  const { rules, problems } = readRules(said);
  const [first] = problems;
  if (first) throw badSetting(first.path, first.problem, first.hint);
  return {
    percent: flags.percent,
    ...(types && { types: { ...taken(types), ...rules.types } }),
    ...(keys && { keys: { ...taken(keys), ...rules.keys } }),
    ...(flags.load !== undefined && { load: rules.load }),
    ...(time && { time: rules.time }),
    ...(flags.default !== undefined && { default: rules.default }),
  };
}

type Pairs = Map<string, string>;

/** `refund=new`; what stands before the last = is the name, which may hold one itself. */
function pairs(flag: string, texts: string[] | undefined): Pairs | undefined {
  if (!texts) return undefined;
  const found: Pairs = new Map();
  for (const text of texts) {
    const at = text.lastIndexOf('=');
    if (at < 1 || at === text.length - 1)
      throw usageError(`${flag} ${text}: expected NAME=SIDE`, 'BAD_SETTING', `${flag} NAME=- takes it away`);
    const name = text.slice(0, at);
    if (found.has(name))
      throw usageError(`${flag}: ${name} is given twice`, 'BAD_SETTING', 'leave one of them');
    found.set(name, text.slice(at + 1));
  }
  return found;
}

function given(map: Pairs | undefined): Record<string, string> {
  return Object.fromEntries([...(map ?? [])].filter(([, value]) => value !== '-'));
}

function taken(map: Pairs): Record<string, null> {
  const gone = [...map].filter(([, value]) => value === '-');
  return Object.fromEntries(gone.map(([name]) => [name, null]));
}

/** `stream=orders,above=10000,to=old`. */
function fieldsOf(flag: string, text: string): Record<string, string> {
  const entries = text.split(',').map((part) => {
    const at = part.indexOf('=');
    if (at < 1) throw usageError(`${flag} ${text}: expected FIELD=VALUE,…`, 'BAD_SETTING', EXAMPLES[flag]!);
    return [part.slice(0, at).trim(), part.slice(at + 1).trim()];
  });
  return Object.fromEntries(entries);
}

const EXAMPLES: Record<string, string> = {
  '--load': '--load stream=orders,group=workers,above=10000,to=old',
  '--time': '--time from=22:00,to=06:00,timezone=Europe/Berlin,days=mon-fri,percent=100',
};

const FLAGS: Record<string, string> = { types: '--type', keys: '--key', default: '--default' };

function badSetting([field = '', ...rest]: string[], problem: string, hint?: string): Error {
  const flag = FLAGS[field] ?? `--${field}`;
  const name = field === 'time' ? rest.slice(1) : rest;
  const example = EXAMPLES[flag] ?? "'qctl route set --help' says what may be set";
  const hints: Hints = hint === undefined ? [example] : EXAMPLES[flag] ? [hint, example] : [hint];
  return usageError(`${[flag, ...name].join(' ')}: ${problem}`, 'BAD_SETTING', ...hints);
}
