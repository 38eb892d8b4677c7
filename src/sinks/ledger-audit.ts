import type { StreamKeys } from '../model/keys.ts';
import type { SettledIds } from './ledger-memory.ts';
import type { TargetWriter } from './target-writer.ts';

const IDS_A_CALL = 1000;

/** Of messages that a ledger had noted as settled, those it does not know at all any more. Changes nothing. */
export async function missingFromLedger(
  writer: TargetWriter,
  keys: StreamKeys,
  ledger: string,
  settled: SettledIds[],
): Promise<string[]> {
  const missing: string[] = [];
  for (const [window, ids] of byWindow(settled)) {
    for (let at = 0; at < ids.length; at += IDS_A_CALL) {
      const some = ids.slice(at, at + IDS_A_CALL);
      missing.push(...(await writer.patiently(() => lookFor(writer, keys, ledger, window, some))));
    }
  }
  return missing;
}

function byWindow(settled: SettledIds[]): Map<number, string[]> {
  const windows = new Map<number, string[]>();
  for (const { window, ids } of settled) windows.set(window, [...(windows.get(window) ?? []), ...ids]);
  return windows;
}

/** Open ones first: whatever is settled meanwhile is then found among those. */
async function lookFor(
  { options: { client, windowMs, targetNow } }: TargetWriter,
  keys: StreamKeys,
  ledger: string,
  window: number,
  ids: string[],
): Promise<string[]> {
  const open = await client.hmget(keys.ledger(ledger), ...ids);
  let rest = ids.filter((_, i) => open[i] === null);
  const now = Math.floor(targetNow() / windowMs);
  for (const number of new Set([window, now, now - 1])) {
    if (rest.length === 0) break;
    const settled = await client.smismember(keys.settled(ledger, number), ...rest);
    rest = rest.filter((_, i) => settled[i] === 0);
  }
  return rest;
}
