/** What an operator has decided for a whole run: a pause, a stop, or the value of a setting. */
export interface Decision {
  /** Of a setting, as it is written; '' of a pause or a stop. */
  value: string;
  /** `user@host`. */
  by: string;
  /** By the clock of the target, ms since 1970. */
  atMs: number;
  reason: string | null;
}

/** A decision as results show it. */
export interface ShownDecision {
  by: string;
  /** RFC 3339. */
  since: string;
  reason: string | null;
}

const PREFIX = 'control:';

/** Field of the run's record that holds a decision: `ms|{…}`. */
export function decisionField(name: string): string {
  return `${PREFIX}${name}`;
}

/** What stands behind the moment, which the server adds. */
export function writeDecision(value: string, by: string, reason: string | null): string {
  return JSON.stringify({ value, by, reason });
}

/** Name of the decision that a field of the record holds; undefined where it is another field. */
export function decisionName(field: string): string | undefined {
  return field.startsWith(PREFIX) ? field.slice(PREFIX.length) : undefined;
}

/** Undefined where it is none that this version understands. */
export function readDecision(text: string | null | undefined): Decision | undefined {
  const bar = text?.indexOf('|') ?? -1;
  if (!text || bar < 1) return undefined;
  try {
    const { value, by, reason } = JSON.parse(text.slice(bar + 1)) as Omit<Decision, 'atMs'>;
    return { value: String(value), by: String(by), reason: reason ?? null, atMs: Number(text.slice(0, bar)) };
  } catch {
    return undefined;
  }
}

/** As results show it. */
export function showDecision({ by, atMs, reason }: Decision): ShownDecision {
  return { by, since: new Date(atMs).toISOString(), reason };
}
