import { isRetryable } from '../../backends/redis/index.ts';
import { patiently } from '../../model/patience.ts';
import type { Outcome } from '../../sources/redis-stream/index.ts';
import {
  holdMessages,
  releaseMessages,
  type WaitingMessage,
  type WaitingWhere,
  waitingMessages,
} from '../../streams/index.ts';
import type { Hand } from './destination.ts';
import { sortEntries } from './items.ts';
import type { BackLane } from './lane.ts';
import type { LaneTools } from './lane-tools.ts';

/** How a waiting message is called where entries go by their ids. */
const PREFIX = 'waiting:';

/**
 * Gives back what is not due yet and waits beside the stream: first what an earlier call had in hand, then
 * the rest, each once. What cannot go back goes on waiting.
 */
export async function giveBackWaiting(
  lane: BackLane,
  tools: LaneTools,
): Promise<{ found: number; cut: boolean }> {
  let found = 0;
  for (const where of ['held', 'free'] as const) {
    for await (const messages of waitingMessages(lane.redis, lane.stream, tools, where)) {
      for (let rest = messages; rest.length > 0; ) {
        const granted = lane.shouldStop() ? 0 : lane.throttle.reserve(rest.length);
        if (granted === 0) return { found, cut: true };
        lane.throttle.use(granted, granted);
        await carry(lane, tools, where, rest.slice(0, granted));
        rest = rest.slice(granted);
        found += granted;
      }
    }
  }
  return { found, cut: false };
}

async function carry(
  lane: BackLane,
  tools: LaneTools,
  where: WaitingWhere,
  messages: readonly WaitingMessage[],
): Promise<void> {
  const whole = messages.filter(({ fields }) => fields !== null);
  const members = whole.map(({ member }) => member);
  const held = where === 'held' ? members : await holdMessages(lane.redis, lane.stream, members, tools);
  const ours = new Set(held);
  const entries = whole
    .filter(({ member }) => ours.has(member))
    .map(({ member, fields }) => ({ id: `${PREFIX}${member}`, owner: '', deliveries: 0, fields: fields! }));
  const { items, left } = sortEntries(lane.stream, entries, lane.other);
  lane.meter.counts.read += entries.length;
  const hand = new WaitingHand(lane, tools);
  await hand.leave(left);
  if (items.length > 0) await lane.courier.deliver(items, hand);
  await lane.throttle.pace(entries.length, lane.meter.signal);
}

/** What a destination may do with messages that wait. */
class WaitingHand implements Hand {
  readonly signal: AbortSignal;
  private readonly lane: BackLane;
  private readonly tools: LaneTools;

  constructor(lane: BackLane, tools: LaneTools) {
    this.lane = lane;
    this.tools = tools;
    this.signal = tools.signal;
  }

  waiting(who: string, reason: string | null): void {
    this.tools.waiting(who, reason);
  }

  begin(ids: readonly string[], unsent: ReadonlySet<string>, windowMs: number): Promise<Set<string>> {
    return this.tools.begin(ids, unsent, windowMs);
  }

  async ack(outcomes: readonly (readonly [id: string, outcome: Outcome])[]): Promise<void> {
    const { counts } = this.lane.meter;
    const members = outcomes.map(([id, outcome]) => [id.slice(PREFIX.length), outcome] as const);
    await patiently(this, this.lane.label, isRetryable, () => this.lane.hand.ackWaiting(members));
    counts.appended += outcomes.filter(([, outcome]) => outcome === 'returned').length;
  }

  /** It goes on waiting, and is moved into the stream when it is due. */
  async leave(reasons: readonly (readonly [id: string, reason: string])[]): Promise<void> {
    if (reasons.length === 0) return;
    const { redis, stream, seen } = this.lane;
    const members = reasons.map(([id]) => id.slice(PREFIX.length));
    await releaseMessages(redis, stream, members, this.tools);
    seen.whyWaiting ??= reasons[0]![1];
  }
}
