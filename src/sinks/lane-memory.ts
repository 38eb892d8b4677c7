import { unpackIds } from '../model/packed.ts';
import { isOlder } from './token.ts';

/** What a checkpoint says of itself, as far as a loss is judged by it. */
export interface Standing {
  token: string;
  /** Messages that were ever appended, quarantined or put aside there: moves together with them. */
  counted: number;
}

/** One append that the target has confirmed. */
interface Confirmed {
  token: string;
  /** Note of the transaction it belongs to. */
  unit: string;
  count: number;
  ids: Buffer;
  state: 'open' | 'settling' | 'settled';
}

/** What a target that has gone back does not have any more, of one partition or of several. */
export interface Loss {
  /** Not settled: the source still has them, and they are appended again. */
  again: number;
  /** Settled in the source: on neither side any more. */
  gone: number;
  /** Ids of those, as far as this process remembers them. */
  goneIds: string[];
  /** Of units whose settling was never answered: the source has to be asked. */
  doubtful: { unit: string; count: number; ids: string[] }[];
}

/** What is remembered of settled messages: replicas lag by seconds at most, and memory stays flat. */
const REMEMBERED = 20_000;

/**
 * What this process knows of one partition of a lane it holds, so that it can tell what is missing where
 * the target comes back with an older state.
 */
export class LaneMemory {
  private standing: Standing;
  private confirmed: Confirmed[] = [];
  private remembered = 0;

  constructor({ token, counted }: Standing) {
    this.standing = { token, counted };
  }

  /** An append was confirmed. Without ids nothing but the count is kept: then nothing is ever settled. */
  add(token: string, unit: string, count: number, ids: Buffer | undefined): void {
    const newest = isOlder(token, this.standing.token) ? this.standing.token : token;
    this.standing = { token: newest, counted: this.standing.counted + count };
    if (!ids || count === 0) return;
    this.confirmed.push({ token, unit, count, ids, state: 'open' });
    this.remembered += count;
  }

  settling(): void {
    for (const append of this.confirmed) if (append.state === 'open') append.state = 'settling';
  }

  /** All that is remembered has left the source. */
  settled(): void {
    for (const append of this.confirmed) append.state = 'settled';
    while (this.confirmed.length > 0 && this.remembered - this.confirmed[0]!.count >= REMEMBERED)
      this.remembered -= this.confirmed.shift()!.count;
  }

  /** Whether this process itself has settled what it appended under a note: a marker that names it is an old one. */
  hasSettled(unit: string): boolean {
    const appends = this.confirmed.filter((append) => append.unit === unit);
    return appends.length > 0 && appends.every((append) => append.state === 'settled');
  }

  /** Whether the target stands behind what it had confirmed. */
  isAheadOf(found: Standing): boolean {
    return isOlder(found.token, this.standing.token);
  }

  /** Takes what stands there for true from now on. */
  takeBack(found: Standing): void {
    this.confirmed = this.confirmed.filter((append) => !isOlder(found.token, append.token));
    this.remembered = this.confirmed.reduce((sum, { count }) => sum + count, 0);
    this.standing = { token: found.token, counted: found.counted };
  }

  /** What is missing of what had been confirmed, where the target stands like that now. */
  lossAgainst(found: Standing): Loss {
    const loss: Loss = { again: 0, gone: 0, goneIds: [], doubtful: [] };
    if (!this.isAheadOf(found)) return loss;
    const missing = this.confirmed.filter((append) => isOlder(found.token, append.token));
    for (const { state, count, unit, ids } of missing) {
      if (state === 'open') loss.again += count;
      else if (state === 'settling') loss.doubtful.push({ unit, count, ids: unpackIds(ids) });
      else {
        loss.gone += count;
        loss.goneIds.push(...unpackIds(ids));
      }
    }
    // What a predecessor had appended, or what is too long ago to be remembered, is only known by number.
    const known = missing.reduce((sum, { count }) => sum + count, 0);
    loss.gone += Math.max(0, this.standing.counted - found.counted - known);
    return loss;
  }
}

/** Several partitions as one. */
export function sumOfLosses(losses: Loss[]): Loss {
  return {
    again: losses.reduce((sum, { again }) => sum + again, 0),
    gone: losses.reduce((sum, { gone }) => sum + gone, 0),
    goneIds: losses.flatMap(({ goneIds }) => goneIds),
    doubtful: losses.flatMap(({ doubtful }) => doubtful),
  };
}
