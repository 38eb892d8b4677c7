import { QctlError } from '../../errors.ts';
import type { Message } from '../../model/message.ts';
import type { LaneRecord, Recovery } from '../source.ts';
import { readEnvelope } from './envelope.ts';
import type { HeldList, Holding } from './holding.ts';

/** A message that is held, and the list it was taken from. */
export interface HeldMessage {
  list: number;
  message: Message;
}

/** What a lane's new holder has found and done. */
export interface CeleryRecovery {
  recoveries: Recovery[];
  /** Held, and in no marker: taken by an earlier holder and never appended. In order. */
  rest: HeldMessage[];
  /** Number of the last unit that the broker knows to be settled. */
  settled: number;
}

/**
 * Settles what the target's markers name and the run still holds. Only the newest unit can be open: the one
 * before was settled before anything of it was appended.
 *
 * @throws QctlError `source` BROKER_WENT_BACK where the broker knows of less than the target, unless `lenient`
 */
export async function recoverHeld(
  holding: Holding,
  records: LaneRecord[],
  fence: string,
  lenient: boolean,
): Promise<CeleryRecovery> {
  const { unit, settled } = await holding.open(fence);
  const newest = Math.max(0, ...records.map(unitOf));
  const marked = records.filter((record) => unitOf(record) === newest && record.ids.length > 0);
  const noted = records.some((record) => unitOf(record) === newest && record.ids.length === 0);
  if (!lenient && (unit < newest || (noted && settled < newest))) throw wentBack(unit, newest);
  const lists = await holding.read();
  if (settled >= newest)
    return { recoveries: none(records), rest: messagesOf(lists), settled: Math.max(settled, newest) };
  const open = new Open(marked);
  const rest: HeldMessage[] = [];
  const places = lists.map(({ list, values }) => {
    const found: number[] = [];
    for (const [place, value] of values.entries()) {
      const message = readEnvelope(value);
      if (open.take(message.id)) found.push(place);
      else rest.push({ list, message });
    }
    return { places: found, of: values.length };
  });
  await holding.settleSome(String(newest), places);
  return { recoveries: open.recoveries(records), rest, settled: newest };
}

/** Number of the unit in a token, which is `unit.part`. */
export function unitOf({ token }: Pick<LaneRecord, 'token'>): number {
  return Number(token.split('.')[0] || 0);
}

function none(records: LaneRecord[]): Recovery[] {
  return records
    .filter(({ ids }) => ids.length > 0)
    .map(({ partition }) => ({ partition, suppressed: 0, vanished: 0 }));
}

function messagesOf(lists: HeldList[]): HeldMessage[] {
  return lists.flatMap(({ list, values }) => values.map((value) => ({ list, message: readEnvelope(value) })));
}

/** The ids of the markers, each as often as it stands there. */
class Open {
  private readonly of = new Map<string, LaneRecord[]>();
  private readonly taken = new Map<LaneRecord, number>();

  constructor(records: LaneRecord[]) {
    for (const record of records)
      for (const id of record.ids) this.of.set(id, [...(this.of.get(id) ?? []), record]);
  }

  take(id: string): boolean {
    const record = this.of.get(id)?.shift();
    if (record) this.taken.set(record, (this.taken.get(record) ?? 0) + 1);
    return record !== undefined;
  }

  /** Whoever reads the run's own lists beside it, or deletes them, takes what is missing. */
  recoveries(records: LaneRecord[]): Recovery[] {
    const missing = new Map<LaneRecord, number>();
    for (const left of this.of.values())
      for (const record of left) missing.set(record, (missing.get(record) ?? 0) + 1);
    return records
      .filter(({ ids }) => ids.length > 0)
      .map((record) => ({
        partition: record.partition,
        suppressed: this.taken.get(record) ?? 0,
        vanished: missing.get(record) ?? 0,
      }));
  }
}

function wentBack(unit: number, newest: number): QctlError {
  return new QctlError(
    'source',
    `the broker has forgotten what this run had taken from it: it knows ${unit} of ${newest} batches`,
    {
      code: 'BROKER_WENT_BACK',
      hint: [
        'it was restarted without its data, or a replica took over that lacked the last writes: messages that are in the stream may be in the queue again',
        'take those out of the queue by their delivery_tag, which is the id in the stream; then --fresh begins anew',
      ],
      details: { broker: unit, target: newest },
    },
  );
}
