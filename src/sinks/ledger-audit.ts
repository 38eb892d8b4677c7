import { runScript } from '../backends/redis/script.ts';
import { findUnknown } from '../backends/redis/scripts/find-unknown.ts';
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

async function lookFor(
  { options: { client, windowMs, targetNow } }: TargetWriter,
  keys: StreamKeys,
  ledger: string,
  window: number,
  ids: string[],
): Promise<string[]> {
  const now = Math.floor(targetNow() / windowMs);
  const settled = [...new Set([window, now, now - 1])].map((number) => keys.settled(ledger, number));
  return (await runScript(client, findUnknown, [keys.ledger(ledger), ...settled], ids)) as string[];
}
