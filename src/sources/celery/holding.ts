import { createHash } from 'node:crypto';
import type { RedisScript, ScriptArg } from '../../backends/redis/index.ts';
import { celeryClaim } from '../../backends/redis/scripts/celery/claim.ts';
import { celeryOpen } from '../../backends/redis/scripts/celery/open.ts';
import { celeryPick } from '../../backends/redis/scripts/celery/pick.ts';
import { celeryRelease } from '../../backends/redis/scripts/celery/release.ts';
import { celerySettle } from '../../backends/redis/scripts/celery/settle.ts';
import { SourceAway } from '../source.ts';
import type { Broker } from './broker.ts';
import type { CeleryKeys } from './keys.ts';

/** Messages of a list, the oldest first. */
export interface HeldList {
  /** Index of the list among those of the queue. */
  list: number;
  values: Buffer[];
}

/** Messages that were taken together; '' where nothing was. */
export interface Taken {
  unit: string;
  lists: HeldList[];
}

const LOST = 'another process has the run';

/** What one run holds of one queue. Each call throws {@link SourceAway} where it is worth repeating after a new `open`. */
export class Holding {
  private readonly broker: Broker;
  private readonly keys: CeleryKeys;
  private readonly run: string;
  private readonly held: string[];
  private fence = '';

  constructor(broker: Broker, keys: CeleryKeys, run: string) {
    this.broker = broker;
    this.keys = keys;
    this.run = run;
    this.held = keys.held(run);
  }

  /** Makes this process the one that may take. Returns the numbers of the last unit taken, and settled. */
  async open(fence: string): Promise<{ unit: number; settled: number }> {
    this.fence = fence;
    const reply = (await this.script(celeryOpen, [this.keys.claims], [this.run, fence])) as Buffer[];
    const [unit, settled] = reply.map(Number);
    return { unit: unit!, settled: settled! };
  }

  /** Everything that is held, in the order in which it was taken from each list. */
  read(): Promise<HeldList[]> {
    return this.broker.patient('read what this run holds', (client) =>
      Promise.all(
        this.held.map(async (key, list) => ({
          list,
          values: (await client.lrangeBuffer(key, 0, -1)).reverse(),
        })),
      ),
    );
  }

  /** Takes what a worker would get next. @param numbered gives a number also where nothing is taken */
  async claim(most: number, bytes: number, numbered: boolean): Promise<Taken> {
    const { claims, lists } = this.keys;
    const args = [this.run, this.fence, lists.length, most, bytes, numbered ? 1 : 0];
    const reply = await this.script(celeryClaim, [claims, ...lists, ...this.held], args);
    const [status, unit, counts, values] = reply as [Buffer, Buffer, number[], Buffer[]];
    if (status.toString() === 'fenced') throw new SourceAway(LOST);
    let at = 0;
    const taken = counts.map((count, list) => {
      at += count;
      return { list, values: values.slice(at - count, at) };
    });
    return { unit: unit.toString(), lists: taken.filter((one) => one.values.length > 0) };
  }

  /** Takes these out of one list, as far as they still stand in their places, counted from the right end. */
  async pick(list: number, chosen: readonly { place: number; value: Buffer }[]): Promise<Taken> {
    const args = chosen.flatMap(({ place, value }) => [-1 - place, sha1(value)]);
    const keys = [this.keys.claims, this.keys.lists[list]!, this.held[list]!];
    const reply = await this.script(celeryPick, keys, [this.run, this.fence, ...args]);
    const [status, unit, values] = reply as [Buffer, Buffer, Buffer[]];
    if (status.toString() === 'fenced') throw new SourceAway(LOST);
    return { unit: unit.toString(), lists: values.length > 0 ? [{ list, values }] : [] };
  }

  /** Lets go of so many of each list, the oldest of what is held. */
  settle(unit: string, counts: readonly number[]): Promise<void> {
    return this.letGo(unit, counts.map(String));
  }

  /** Lets go of those in these places of each list, counted from the oldest, and of no others. */
  settleSome(unit: string, places: readonly { places: number[]; of: number }[]): Promise<void> {
    const fromLeft = ({ places: all, of }: { places: number[]; of: number }): string =>
      all.length === 0 ? '0' : `-${all.map((place) => of - 1 - place).join(',')}`;
    return this.letGo(unit, places.map(fromLeft));
  }

  private async letGo(unit: string, what: string[]): Promise<void> {
    const args = [this.run, this.fence, unit, ...what];
    const status = (await this.script(celerySettle, [this.keys.claims, ...this.held], args)) as Buffer;
    if (status.toString() === 'fenced') throw new SourceAway(LOST);
  }

  /** Gives everything back to the queue. */
  async release(): Promise<number> {
    const { claims, lists } = this.keys;
    const args = [this.run, this.fence, lists.length];
    const count = Number(await this.script(celeryRelease, [claims, ...lists, ...this.held], args));
    if (count < 0) throw new SourceAway(LOST);
    return count;
  }

  private script(script: RedisScript, keys: string[], args: ScriptArg[]): Promise<unknown> {
    return this.broker.run('take from the queue', script, keys, args);
  }
}

function sha1(value: Buffer): string {
  return createHash('sha1').update(value).digest('hex');
}
