import { isRetryable, type RedisConnection } from '../../backends/redis/index.ts';
import { Interrupted, pause } from '../../model/patience.ts';
import { plural } from '../../model/plural.ts';
import {
  LaneGone,
  type LaneHand,
  type PageWanted,
  type TakeMode,
  type TakenPage,
  type Taker,
} from '../../sources/redis-stream/index.ts';
import type { OtherShape } from '../../transform/from-entry.ts';
import type { LaneInHand } from '../lane-hands.ts';
import type { Meter } from '../meter.ts';
import type { Throttle } from '../throttle.ts';
import type { Courier } from './destination.ts';
import { sortEntries } from './items.ts';
import { LaneTools, type Seen } from './lane-tools.ts';
import { giveBackWaiting } from './waiting.ts';

const IDLE_MS = 200;

/** One stream of the run, and all that it takes to give its entries back. */
export interface BackLane extends LaneInHand {
  lane: number;
  stream: string;
  redis: RedisConnection;
  /** Whether what is not due yet goes back as well. */
  withWaiting: boolean;
  /** This run's consumer. */
  consumer: string;
  /** First id that goes back. */
  from: string;
  taker: Taker;
  hand: LaneHand;
  courier: Courier;
  other: OtherShape;
  batch: number;
  maxLeft: number;
  meter: Meter;
  throttle: Throttle;
  seen: Seen;
  label: string;
  /** Up to which id entries have been delivered to the group; undefined where there is no stream yet. */
  position(): Promise<string | undefined>;
  /** Told the fence of another that stands in the way: the next one claimed must be higher. */
  fenced(by: string): void;
}

/**
 * Gives back the entries of one stream until it is told to stop: those in hand since an earlier call, those
 * pending with others, those that nobody was given. A lost connection to Redis begins a new round, as after a
 * crash. Ends quietly when another process has taken the lane over.
 */
export async function workBackLane(lane: BackLane): Promise<void> {
  const who = `lane ${lane.lane}`;
  const tools = new LaneTools(lane);
  let withLeft = true;
  try {
    while (!lane.shouldStop()) {
      try {
        await lane.hand.open();
        const { found, cut } = await round(lane, tools, withLeft);
        if (!cut) withLeft = false;
        lane.idle(found === 0 && !cut);
        if (found === 0) await pause(IDLE_MS, lane.signal);
      } catch (error) {
        const reason = isRetryable(error);
        if (reason === undefined) throw error;
        lane.idle(false);
        lane.meter.waiting(who, `${lane.label}: ${reason}`);
        await pause(IDLE_MS, lane.meter.signal);
      }
    }
  } catch (error) {
    if (error instanceof LaneGone) lane.fenced(error.by);
    else if (!(error instanceof Interrupted)) throw error;
  } finally {
    lane.meter.waiting(who, null);
    await lane.courier.close();
  }
}

/** What a round has come to. */
interface Round {
  found: number;
  /** It was ended before it had looked at everything: by a pause, a limit, or the end of the run. */
  cut: boolean;
}

/** Looks at everything once; the first time at what was left before and what waits, too. */
async function round(lane: BackLane, tools: LaneTools, first: boolean): Promise<Round> {
  const whole: Counted = { entries: 0, young: 0, cut: false };
  const last = await lane.position();
  for (const mode of last === undefined ? [] : MODES) {
    const counted = await pass(lane, tools, mode, mode === 'others' ? last! : '+', first);
    whole.entries += counted.entries;
    whole.young += counted.young;
    whole.cut ||= counted.cut;
  }
  if (first && lane.withWaiting && !whole.cut) {
    const waiting = await giveBackWaiting(lane, tools);
    whole.entries += waiting.found;
    whole.cut = waiting.cut;
  }
  lane.seen.young = whole.young;
  lane.meter.waiting(
    `lane ${lane.lane}`,
    whole.young > 0
      ? `${whole.young} ${plural(whole.young, 'entry was')} delivered to other consumers too lately to be taken`
      : null,
  );
  return { found: whole.entries, cut: whole.cut };
}

const MODES = ['own', 'others', 'new'] as const;

interface Counted {
  entries: number;
  young: number;
  cut: boolean;
}

/** All pages of one kind. The next page is taken while the destination works on the one before. */
async function pass(
  lane: BackLane,
  tools: LaneTools,
  mode: TakeMode,
  last: string,
  withLeft: boolean,
): Promise<Counted> {
  const counted: Counted = { entries: 0, young: 0, cut: false };
  let cursor = mode === 'new' ? '>' : lane.from;
  let carried: Promise<void> = Promise.resolve();
  let onItsWay = new Set<string>();
  try {
    while (cursor !== '') {
      const page = await takePage(lane, mode, { cursor, last, withLeft });
      if (!page) {
        counted.cut = true;
        break;
      }
      cursor = page.next;
      counted.entries += page.entries.length + page.gone.length + page.parked;
      counted.young += page.young;
      // A failover that has forgotten the page before hands it out again: once it has been carried, what is
      // left of it is in hand, and a matter of the next round.
      const fresh = page.entries.filter(({ id }) => !onItsWay.has(id));
      await carried;
      onItsWay = new Set(page.entries.map(({ id }) => id));
      carried = carry(lane, tools, { ...page, entries: fresh });
      carried.catch(() => undefined);
      if (page.entries.length > 0) lane.idle(false);
      await lane.throttle.pace(page.entries.length, lane.meter.signal, page.bytes);
    }
  } finally {
    await carried;
  }
  return counted;
}

/** As much as a page may have at the moment; undefined where nothing may be taken. */
async function takePage(
  { taker, throttle, batch, shouldStop }: BackLane,
  mode: TakeMode,
  place: Omit<PageWanted, 'most'>,
): Promise<TakenPage | undefined> {
  const granted = shouldStop() ? 0 : throttle.reserve(batch);
  if (granted === 0) return undefined;
  let page: TakenPage | undefined;
  try {
    page = await taker.take(mode, { ...place, most: granted });
    return page;
  } finally {
    throttle.use(granted, page?.entries.length ?? 0);
  }
}

/** Brings one page home. Returns when all of it has been acknowledged or set aside. */
async function carry(lane: BackLane, tools: LaneTools, page: TakenPage): Promise<void> {
  lane.meter.counts.read += page.entries.length;
  tools.note(page);
  const { items, left } = sortEntries(lane.stream, page.entries, lane.other);
  if (left.length > 0) await tools.leave(left);
  if (items.length > 0) await lane.courier.deliver(items, tools);
}
