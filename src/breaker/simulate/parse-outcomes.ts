import { dueMsOf } from '../../model/due.ts';
import type { Outcome } from './outcome.ts';

/** What one line says; what it leaves out is undefined. */
export interface OutcomeLine {
  atMs?: number;
  ok: boolean;
  durationMs?: number;
  slow?: boolean;
  instance?: string;
}

/** A line that is none. */
export interface BadLine {
  /** From 1. */
  line: number;
  problem: string;
}

const EXPECTED = 'expected ok, fail or {"at": …, "outcome": "ok" or "fail"}';
/** How many of the bad lines are kept. */
const MOST_NAMED = 5;

/** Reads one line: `ok`, `fail` or an object of JSON. A text is what is wrong with it. */
export function parseOutcomeLine(text: string): OutcomeLine | string {
  if (text === 'ok' || text === 'fail') return { ok: text === 'ok' };
  if (!text.startsWith('{')) return `${EXPECTED}, got ${shown(text)}`;
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return 'not valid JSON';
  }
  return fromObject(value);
}

function fromObject({
  at,
  outcome,
  durationMs,
  slow,
  instance,
}: Record<string, unknown>): OutcomeLine | string {
  if (outcome !== 'ok' && outcome !== 'fail') return `outcome: expected ok or fail, got ${shown(outcome)}`;
  const line: OutcomeLine = { ok: outcome === 'ok' };
  if (at !== undefined && at !== null) {
    const atMs = typeof at === 'string' ? dueMsOf(at) : at;
    if (!isAmount(atMs)) return `at: expected RFC 3339 or ms, got ${shown(at)}`;
    line.atMs = atMs;
  }
  if (durationMs !== undefined && durationMs !== null) {
    if (!isAmount(durationMs)) return `durationMs: expected a number from 0, got ${shown(durationMs)}`;
    line.durationMs = durationMs;
  }
  if (slow !== undefined && slow !== null) {
    if (typeof slow !== 'boolean') return `slow: expected true or false, got ${shown(slow)}`;
    line.slow = slow;
  }
  if (instance !== undefined && instance !== null) line.instance = String(instance);
  return line;
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : (JSON.stringify(value) ?? 'nothing').slice(0, 60);
}

/** Turns lines into outcomes, one after the other, so that millions of them need no memory. */
export class OutcomeParser {
  /** The first of the bad lines. */
  readonly badLines: BadLine[] = [];
  bad = 0;
  /** Lines that stand behind a later one; they count at its time. */
  outOfOrder = 0;
  private line = 0;
  private lastMs: number | undefined;
  private readonly spacingMs: number;

  /** @param spacingMs from one line to the next, where they have no time */
  constructor(spacingMs: number) {
    this.spacingMs = spacingMs;
  }

  /** The outcome of the next line; undefined for one that is empty or bad. */
  next(text: string): Outcome | undefined {
    this.line += 1;
    const trimmed = text.trim();
    if (trimmed === '') return undefined;
    const parsed = parseOutcomeLine(trimmed);
    if (typeof parsed !== 'string') return this.placed(parsed);
    this.bad += 1;
    if (this.badLines.length < MOST_NAMED) this.badLines.push({ line: this.line, problem: parsed });
    return undefined;
  }

  private placed({ atMs, ok, durationMs = 0, slow = false, instance = '' }: OutcomeLine): Outcome {
    const last = this.lastMs;
    const wanted = atMs ?? (last === undefined ? 0 : last + this.spacingMs);
    if (last !== undefined && wanted < last) this.outOfOrder += 1;
    this.lastMs = Math.max(wanted, last ?? wanted);
    return { atMs: this.lastMs, ok, durationMs: durationMs || null, slow, instance };
  }
}
