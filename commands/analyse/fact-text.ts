import { formatBytes } from '../../src/model/bytes.ts';
import { formatDuration } from '../../src/model/duration.ts';
import { shortList } from '../../src/model/short-list.ts';
import { grouped } from '../term/number.ts';

/** One fact as people read it: `used memory` and `1.2 GiB`. */
export type FactRow = [name: string, text: string | null];

/** The facts of a thing, in their order; parts of parts are named with what they are a part of. */
export function factRows(facts: object, within = ''): FactRow[] {
  return Object.entries(facts).flatMap(([name, value]): FactRow[] => {
    if (name === 'kind' || name === 'label') return [];
    const { title, unit } = named(name);
    const whole = within === '' ? title : `${within} ${title}`;
    if (isPart(value)) return factRows(value, whole);
    return [[whole, valueText(value, unit)]];
  });
}

type Unit = 'ms' | 'bytes' | 'rate' | 'share' | null;

const UNITS: [suffix: RegExp, unit: Unit][] = [
  [/Ms$/, 'ms'],
  [/Bytes$/, 'bytes'],
  [/PerSecond$/, 'rate'],
  [/Share$/, 'share'],
];

/** `usedMemoryBytes` -> `used memory`, in bytes. */
function named(name: string): { title: string; unit: Unit } {
  const [suffix, unit] = UNITS.find(([match]) => match.test(name)) ?? [/$/, null];
  const words = name.replace(suffix, '').replace(/([a-z0-9])([A-Z])/g, '$1 $2');
  const title = words.replace(/\b[A-Z](?:[a-z]|\d)/g, (start) => start.toLowerCase());
  return { title: title === '' ? name : title, unit };
}

/** An object that is no figure and no list. */
function isPart(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !('how' in value);
}

/** One value under its name in JSON; null is unknown. */
export function valueAsText(name: string, value: unknown): string | null {
  return valueText(value, named(name).unit);
}

/** Unknown is null, which tables show as `-`. */
function valueText(value: unknown, unit: Unit): string | null {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return shortList(value.map((item) => itemText(item))) || 'none';
  if (typeof value === 'object') return figureText(value as FigureLike);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  // An empty text is known to be empty: no save points, for one.
  return typeof value === 'number' ? numberText(value, unit) : String(value) || 'none';
}

interface FigureLike {
  value?: number | null;
  how?: string | null;
}

/** `12,345 (sampled)`; what was counted needs no word. */
export function figureText({ value = null, how = null }: FigureLike): string | null {
  if (value === null) return null;
  return `${grouped(value)}${how === null || how === 'counted' ? '' : ` (${how})`}`;
}

function numberText(value: number, unit: Unit): string {
  if (unit === 'ms') return value > 0 && value < 10 ? `${value.toFixed(2)}ms` : formatDuration(value);
  if (unit === 'bytes') return formatBytes(Math.round(value));
  if (unit === 'rate') return `${value < 10 ? value.toFixed(1) : grouped(value)}/s`;
  if (unit === 'share') return percent(value);
  return Number.isInteger(value) ? grouped(value) : value.toFixed(2);
}

/** `12 %`. */
export function percent(share: number): string {
  const value = share * 100;
  return `${value > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} %`;
}

/** The values of one thing in a list, in a row. */
function itemText(item: unknown): string {
  if (typeof item !== 'object' || item === null) return String(item);
  return factRows(item)
    .filter(([, text]) => text !== null && text !== 'no')
    .map(([name, text]) => (['name', 'type', 'group', 'queue'].includes(name) ? text : `${name} ${text}`))
    .join(' ');
}
