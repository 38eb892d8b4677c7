import type { Cluster, Redis } from 'ioredis';
import { runScriptBuffer, type ScriptArg } from '../../backends/redis/index.ts';
import { backTake } from '../../backends/redis/scripts/back-take.ts';
import type { Field } from '../../model/entry.ts';
import { streamKeys } from '../../model/keys.ts';
import { LaneGone, LaneLost } from './lane-gone.ts';

/** What a page is taken from: in hand already, pending with others, given to nobody yet. */
export type TakeMode = 'own' | 'others' | 'new';

/** One entry that this run has in hand. */
export interface TakenEntry {
  id: string;
  /** The consumer that had it before; '' where it was given to nobody. */
  owner: string;
  /** How often the group had delivered it to its consumers. */
  deliveries: number;
  fields: Field[];
}

/** Which page of them is wanted. */
export interface PageWanted {
  /** Where it begins; `>`: with what nobody has been given. */
  cursor: string;
  /** Of `own` and `others`: the last id that is looked at. */
  last: string;
  most: number;
  /** Takes what an earlier call had to leave, too. */
  withLeft: boolean;
}

/** One page of them. */
export interface TakenPage {
  mode: TakeMode;
  /** Where the next page begins; '' at the end. */
  next: string;
  entries: TakenEntry[];
  /** Pending, and their messages gone from the stream: acknowledged, since nobody can do them any more. */
  gone: string[];
  /** Delivered to others too lately to be taken. */
  young: number;
  /** Before the first id that is wanted: set aside, still pending. */
  parked: number;
  bytes: number;
}

/** What one lane of a run works on: one stream and one group. */
export interface TakeOptions {
  client: Redis | Cluster;
  stream: string;
  group: string;
  run: string;
  /** First id that is given back; undefined: all. */
  from?: string;
  /** Entries pending with others that were delivered more lately than this stay with them. */
  minIdleMs: number;
}

/** A page of entries is about so large. */
const PAGE_BYTES = 4_000_000;
const FIRST_PAGE = 16;

/** The consumer by which a run holds entries. */
export const consumerOf = (run: string): string => `qctl-back:${run}`;
/** The consumer of entries that a run has not given back. */
export const leftConsumerOf = (run: string): string => `qctl-left:${run}`;

/** The keys of one lane's scripts, in their order. */
export function laneKeys(
  stream: string,
  run: string,
): Record<'state' | 'sending' | 'left' | 'doubtful', string> {
  const state = streamKeys(stream).back(run);
  return { state, sending: `${state}:sending`, left: `${state}:left`, doubtful: `${state}:doubtful` };
}

/** Throws where the lane is no longer the caller's. */
export function heedStatus(status: string, stream: string, by = ''): void {
  if (status === 'fenced') throw new LaneGone(by);
  if (status === 'lost') throw new LaneLost(stream);
}

/** Takes what a group has not finished, page by page. */
export class Taker {
  private readonly options: TakeOptions;
  private readonly fence: string;
  /** Bytes that an entry has had on average; pages of unread entries go by it. */
  private perEntry = PAGE_BYTES / FIRST_PAGE;

  constructor(options: TakeOptions, fence: string) {
    this.options = options;
    this.fence = fence;
  }

  /** One page. Throws {@link LaneGone} where another process has the lane. */
  async take(mode: TakeMode, { cursor, last, most, withLeft }: PageWanted): Promise<TakenPage> {
    const { stream, run } = this.options;
    const size = mode === 'new' ? Math.max(1, Math.min(most, Math.floor(PAGE_BYTES / this.perEntry))) : most;
    const reply = (await runScriptBuffer(
      this.options.client,
      backTake,
      [stream, laneKeys(stream, run).state],
      this.args(mode, cursor, last, size, withLeft),
    )) as Reply;
    const [status, next, young, parked, gone, rows] = reply;
    heedStatus(status.toString(), stream);
    const page: TakenPage = {
      mode,
      next: next.toString(),
      entries: rows.map(toEntry),
      gone: gone.map(String),
      young: Number(young),
      parked: Number(parked),
      bytes: 0,
    };
    page.bytes = page.entries.reduce((sum, { fields }) => sum + bytesOf(fields), 0);
    if (page.entries.length > 0)
      this.perEntry = Math.max(1, this.perEntry / 2, page.bytes / page.entries.length);
    return page;
  }

  private args(mode: TakeMode, cursor: string, last: string, size: number, withLeft: boolean): ScriptArg[] {
    const { group, run, from = '', minIdleMs } = this.options;
    const who = [this.fence, mode, group, consumerOf(run), leftConsumerOf(run)];
    return [...who, cursor, last, size, PAGE_BYTES, minIdleMs, withLeft ? '1' : '', from];
  }
}

type Row = [id: Buffer, owner: Buffer, deliveries: number, fields: Buffer[]];
type Reply = [status: Buffer, next: Buffer, young: number, parked: number, gone: Buffer[], rows: Row[]];

function toEntry([id, owner, deliveries, flat]: Row): TakenEntry {
  const fields: Field[] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) fields.push([flat[at]!, flat[at + 1]!]);
  return { id: id.toString(), owner: owner.toString(), deliveries: Number(deliveries), fields };
}

function bytesOf(fields: readonly Field[]): number {
  return fields.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
}
