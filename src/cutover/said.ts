import { cutoverKeys } from '../model/keys.ts';
import { askRedis } from './door.ts';
import type { CutoverHost } from './host.ts';

/** What an operator has said to a run. */
export interface Said {
  /** `user@host`. */
  by: string;
  /** RFC 3339, by the server's clock. */
  at: string;
  why: string | null;
  /** Of an abort: also past the point of no return. */
  force?: boolean;
  /** Of the order to end a pause: what became of the step that failed. */
  assume?: 'done' | 'undone';
}

/** Why somebody has said it. */
export function reasonOf({ why }: Said): string {
  return why ?? 'no reason was given';
}

/** Everything that was said to a run and is in force. */
export interface Controls {
  pause: Said | null;
  /** The last order to end a pause. */
  go: Said | null;
  abort: Said | null;
  /** By id of the step; for the plan of that hash alone. */
  approvals: Map<string, Said & { hash: string }>;
}

/** Reads what was said to a run. */
export async function readControls(host: CutoverHost, run: string): Promise<Controls> {
  const fields = await askRedis(host, 'look what operators say', ({ client }) =>
    client.hgetall(cutoverKeys(run).control),
  );
  const controls: Controls = { pause: null, go: null, abort: null, approvals: new Map() };
  for (const [field, text] of Object.entries(fields)) {
    const said = readSaid(text);
    if (!said) continue;
    if (field === 'pause' || field === 'abort' || field === 'go') controls[field] = said;
    else if (field.startsWith('approve:')) controls.approvals.set(field.slice(8), said);
  }
  return controls;
}

/** One word, as Redis has it; undefined: it cannot be read. */
export function readSaid(text: string): (Said & { hash: string }) | undefined {
  const bar = text.indexOf('|');
  try {
    const { by, why, hash, force, assume } = JSON.parse(text.slice(bar + 1)) as Said & { hash?: string };
    return {
      by,
      why: why ?? null,
      force,
      assume,
      at: new Date(Number(text.slice(0, bar))).toISOString(),
      hash: hash ?? '',
    };
  } catch {
    return undefined;
  }
}
