import { type PostgresSpec, withClaimColumn } from '../sources/postgres/index.ts';
import type { Manifest } from './manifest.ts';

/** A setting of a run by the name that an operator gives it. */
export interface Setting {
  name: string;
  value: unknown;
  /** By the operator; else it follows from that, or from what the source was when the run began. */
  chosen: boolean;
}

/** Fields that an operator chooses for any queue, and their flags. */
const CHOOSING: Record<string, string> = {
  format: '--format',
  mode: '--mode',
  types: '--types',
  filter: '--filter',
  schema: '--schema',
  queues: '--queue',
  include: '--include',
  pause: '--pause-source',
};

/** Fields that describe a table of one's own, and their flags. */
export const DESCRIPTION_FLAGS = {
  id: '--id',
  payload: '--payload',
  ready: '--ready',
  order: '--order',
  key: '--key',
  type: '--type',
  priority: '--priority',
  attempts: '--attempts',
  enqueuedAt: '--enqueued-at',
  notBefore: '--not-before',
  attributes: '--attribute',
  done: '--done',
} as const;

/** All that an operator says of such a table. Of a known format these follow from what was chosen. */
const DESCRIBING: Record<string, string> = { ...CHOOSING, table: '--table', ...DESCRIPTION_FLAGS };

/** Reads them from what a run keeps of itself, a way back as well. */
export function settingsOf({ source, target, format, mapping }: Manifest['context']): Setting[] {
  return [
    ...(isRecord(source) ? flagsOf(source) : chosen('source', source)),
    // The target of a way back is the place that messages return to, known by its name alone.
    ...(isRecord(target) ? flagsOf(target) : chosen('--to', target)),
    // A way back has the table of its ledger there.
    ...(isRecord(format) ? formatSettings(format) : chosen('--ledger-table', format)),
    ...entries(mapping).flatMap(([name, value]) => chosen(`--field ${name}`, value)),
  ];
}

function flagsOf(end: Record<string, unknown>): Setting[] {
  return entries(end).flatMap(([name, value]) => chosen(`--${name}`, value));
}

function chosen(name: string, value: unknown): Setting[] {
  return isMissing(value) ? [] : [{ name, value, chosen: true }];
}

function formatSettings(given: Record<string, unknown>): Setting[] {
  // Of SQS it is what a queue is asked for, and names no format.
  const isDescribed = given.format === 'generic' || given.format === undefined;
  const { choice, ...spec } = isDescribed ? withClaimFlag(given) : given;
  const flags = isDescribed ? DESCRIBING : CHOOSING;
  return [...entries(spec), ...entries(choice)].flatMap(([field, value]) => {
    const [name, isChosen] = [flags[field] ?? field, field in flags || field.startsWith('--')];
    // Objects field by field, so that it is seen which of them differs.
    if (!isRecord(value) || field === 'done') return [{ name, value, chosen: isChosen }];
    const separator = isChosen ? ' ' : '.';
    return entries(value).map(([key, one]) => ({
      name: `${name}${separator}${key}`,
      value: one,
      chosen: isChosen,
    }));
  });
}

/** `--claim-column` stands for what it has made of the spec. */
function withClaimFlag(given: Record<string, unknown>): Record<string, unknown> {
  const { claim, ...spec } = given as unknown as PostgresSpec;
  if (!claim) return given;
  const column = Object.keys(claim.set).join();
  const own = withClaimColumn({ ...spec, ready: undefined } as PostgresSpec, column).ready!;
  const asked = spec.ready === own ? undefined : spec.ready?.slice(1, -`) AND ${own}`.length);
  return { ...spec, ready: asked, '--claim-column': column };
}

function entries(value: unknown): [string, unknown][] {
  return isRecord(value) ? Object.entries(value).filter(([, one]) => !isMissing(one)) : [];
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
