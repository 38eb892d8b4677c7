import { createHash } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import { type RedisScript, runScript, type ScriptArg } from '../../backends/redis/index.ts';
import { backAck } from '../../backends/redis/scripts/back-ack.ts';
import { backAckWaiting } from '../../backends/redis/scripts/back-ack-waiting.ts';
import { backBegin } from '../../backends/redis/scripts/back-begin.ts';
import { backClose } from '../../backends/redis/scripts/back-close.ts';
import { backLeave } from '../../backends/redis/scripts/back-leave.ts';
import { backOpen } from '../../backends/redis/scripts/back-open.ts';
import { streamKeys } from '../../model/keys.ts';
import { consumerOf, heedStatus, laneKeys, leftConsumerOf } from './taking.ts';

/** What became of an entry: the source has it now, had it all along, or has it since an earlier run. */
export type Outcome = 'returned' | 'there' | 'known';

/** What {@link LaneHand} needs to know. */
export interface HandOptions {
  client: Redis | Cluster;
  stream: string;
  group: string;
  run: string;
  /** Deletes what was given back from the stream, so that other groups do not get it either. */
  delete: boolean;
  /** Runs a write, which says each time that it has sent something, and waits until it is as safe as was asked for. */
  durably<T>(key: string, write: (client: Redis | Cluster, sent: () => void) => Promise<T>): Promise<T>;
}

/** Entries that were acknowledged, and those of them that somebody else had touched meanwhile. */
export interface Acked {
  /** A consumer acknowledged them while they were on their way: they are done and given back. */
  finishedMeanwhile: string[];
  /** A consumer claimed them while they were on their way, and may be at work on them. */
  claimedMeanwhile: string[];
  /** A failover of Redis has forgotten that this run was given them: nothing was counted, they come again. */
  forgotten: string[];
}

/** What may be done with the entries that a lane has in hand. Every call may be repeated. */
export class LaneHand {
  private readonly options: HandOptions;
  private readonly fence: string;
  private readonly keys: ReturnType<typeof laneKeys>;

  constructor(options: HandOptions, fence: string) {
    this.options = options;
    this.fence = fence;
    this.keys = laneKeys(options.stream, options.run);
  }

  /** Makes this process the one that may give back. */
  async open(): Promise<void> {
    const { stream } = this.options;
    const reply = await this.write(backOpen, [stream, this.keys.state], [this.fence]);
    const [status, by] = reply as [string, string];
    heedStatus(status, stream, by);
  }

  /**
   * Notes that these are about to be sent; returns those that are still in hand.
   *
   * @param unsent of which it is known that an earlier sending has not arrived
   * @param windowMs in which the queue recognises a repetition; 0: never
   */
  async begin(ids: readonly string[], unsent: ReadonlySet<string>, windowMs: number): Promise<Set<string>> {
    const { stream, group, run } = this.options;
    const keys = [stream, this.keys.state, this.keys.sending, this.keys.doubtful];
    const pairs = ids.flatMap((id) => [id, unsent.has(id) ? '1' : '']);
    const args = [this.fence, group, consumerOf(run), windowMs, ...pairs];
    const [status, flags] = (await this.write(backBegin, keys, args)) as [string, string];
    heedStatus(status, stream);
    return new Set(ids.filter((_, at) => flags[at] === '1'));
  }

  /**
   * Acknowledges what the source has: sent again it changes nothing, if no other acknowledgement came between.
   *
   * @param call tells this acknowledgement from a later one of the same entries
   */
  async ack(outcomes: readonly (readonly [id: string, outcome: Outcome])[], call: number): Promise<Acked> {
    const { stream, group, run } = this.options;
    const keys = [stream, this.keys.state, this.keys.sending, this.keys.left];
    const flat = outcomes.flat();
    const token = createHash('sha1')
      .update([this.fence, call, ...flat].join(' '))
      .digest('base64url');
    const args = [this.fence, token, group, consumerOf(run), this.options.delete ? '1' : '', ...flat];
    const [status, flags] = (await this.write(backAck, keys, args)) as [string, string];
    heedStatus(status, stream);
    const flagged = (flag: string): string[] =>
      outcomes.filter((_, i) => flags[i] === flag).map(([id]) => id);
    return {
      finishedMeanwhile: flagged('0'),
      claimedMeanwhile: flagged('2'),
      forgotten: flagged('3'),
    };
  }

  /** Removes messages that waited for the stream, by their members: the source has them. */
  async ackWaiting(outcomes: readonly (readonly [member: string, outcome: Outcome])[]): Promise<void> {
    const { stream } = this.options;
    const { delayedHeld, delayedEntries, delayedCounts } = streamKeys(stream);
    const keys = [stream, this.keys.state, this.keys.sending, delayedHeld, delayedEntries, delayedCounts];
    const args = [this.fence, ...outcomes.flat()];
    heedStatus((await this.write(backAckWaiting, keys, args)) as string, stream);
  }

  /** Sets aside what cannot be given back, with its reason. */
  async leave(reasons: readonly (readonly [id: string, reason: string])[]): Promise<void> {
    const { stream, group, run } = this.options;
    const keys = [stream, this.keys.state, this.keys.sending, this.keys.left];
    const args = [this.fence, group, leftConsumerOf(run), ...reasons.flat()];
    heedStatus((await this.write(backLeave, keys, args)) as string, stream);
  }

  private write(script: RedisScript, keys: string[], args: ScriptArg[]): Promise<unknown> {
    return this.options.durably(keys[0]!, (client, sent) => runScript(client, script, keys, args, sent));
  }
}

/** Makes the record of a lane; from then on one that is not there has been lost. False where it was there. */
export async function seedLane(client: Redis | Cluster, stream: string, run: string): Promise<boolean> {
  return (await client.hsetnx(laneKeys(stream, run).state, 'fence', '0|')) === 1;
}

/** Takes away the consumers of this run and of earlier ones that hold nothing any more. */
export async function closeConsumers(client: Redis | Cluster, stream: string, group: string): Promise<void> {
  await runScript(client, backClose, [stream], [group]);
}
