import type { Message } from '../../model/message.ts';
import type { Judged } from '../../transform/filter.ts';
import type { Broker } from './broker.ts';
import { readEnvelope } from './envelope.ts';
import type { Holding, Taken } from './holding.ts';

const PAGE = 500;

/** How far a list has been looked through, from its right end. */
interface Place {
  /** Messages that are not wanted, one after the other. */
  passed: number;
  /** The last of them: as long as it stands there nothing before it has changed. */
  last: Buffer | undefined;
}

/** Takes the wanted messages of a queue, and leaves the others in their places. */
export class Picker {
  private readonly broker: Broker;
  private readonly holding: Holding;
  private readonly lists: string[];
  private readonly judge: (message: Message) => Judged;
  private readonly places: Place[];

  constructor(broker: Broker, holding: Holding, lists: string[], judge: (message: Message) => Judged) {
    this.broker = broker;
    this.holding = holding;
    this.lists = lists;
    this.judge = judge;
    this.places = lists.map(() => ({ passed: 0, last: undefined }));
  }

  /** The oldest that are wanted, of one list; none where there is none in any of them. */
  async take(most: number, bytes: number): Promise<Taken> {
    for (const [list] of this.lists.entries()) {
      for (let page = await this.page(list); page.length > 0; page = await this.page(list)) {
        const taken = await this.takeOf(list, page, most, bytes);
        if (taken.lists.length > 0) return taken;
      }
    }
    return { unit: '', lists: [] };
  }

  private async takeOf(list: number, page: Buffer[], most: number, bytes: number): Promise<Taken> {
    const place = this.places[list]!;
    const chosen: { place: number; value: Buffer }[] = [];
    let room = bytes;
    let looked = 0;
    let last = place.last;
    for (const value of page) {
      if (chosen.length === most || room <= 0) break;
      if (this.judge(readEnvelope(value)) === 'matched') {
        chosen.push({ place: place.passed + looked, value });
        room -= value.length;
      } else last = value;
      looked += 1;
    }
    const taken = chosen.length > 0 ? await this.holding.pick(list, chosen) : { unit: '', lists: [] };
    const moved = (taken.lists[0]?.values.length ?? 0) < chosen.length;
    this.places[list] = moved
      ? { passed: 0, last: undefined }
      : { passed: place.passed + looked - chosen.length, last };
    return taken;
  }

  /** What follows on those that were passed over, the oldest first; begins anew where a worker has taken some of them. */
  private async page(list: number): Promise<Buffer[]> {
    const { passed, last } = this.places[list]!;
    const from = -passed - PAGE;
    const page = await this.broker.patient('read the queue', (client) =>
      client.lrangeBuffer(this.lists[list]!, from, last === undefined ? -1 : -passed),
    );
    page.reverse();
    if (last === undefined || page.shift()?.equals(last)) return page;
    this.places[list] = { passed: 0, last: undefined };
    return this.page(list);
  }
}
