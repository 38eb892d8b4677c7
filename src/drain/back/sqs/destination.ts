import { setMaxListeners } from 'node:events';
import { readAttributes } from '../../../backends/sqs/facts.ts';
import { connectSqs, type QueueFacts, queueFacts, type SqsConnection } from '../../../backends/sqs/index.ts';
import { groupOf } from '../../../backends/sqs/limits.ts';
import type { Finding } from '../../../model/finding.ts';
import { Interrupted, pause } from '../../../model/patience.ts';
import { plural } from '../../../model/plural.ts';
import type { Courier, Destination, Hand, Item, Trial } from '../destination.ts';
import type { BackTarget } from '../request.ts';
import { Arrived, nameOf } from './arrived.ts';
import { Feed } from './feed.ts';
import { type Letter, type LetterOptions, toLetter } from './letter.ts';
import { queueFindings } from './queue-findings.ts';
import { sendBatch } from './send.ts';

type Target = Extract<BackTarget, { kind: 'sqs' }>;

/** Within it a FIFO queue recognises a repetition: five minutes, less what an answer may take. */
const RECOGNISED_MS = 270_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;

/** A queue that takes its messages back: a FIFO queue with deduplication ids, a standard one at least once. */
export class SqsDestination implements Destination, Courier {
  readonly kind = 'sqs';
  readonly label: string;
  readonly identity: string;
  readonly findings: Finding[];
  private readonly connection: SqsConnection;
  private readonly facts: QueueFacts;
  private readonly letters: LetterOptions;
  private readonly senders: number;
  /** Groups of which a message could not be sent, by that message: those behind it must not overtake it. */
  private readonly blocked = new Map<string, string>();
  private readonly arrived = new Arrived();
  private recognised = 0;
  private unmarked = 0;
  private clipped = 0;

  private constructor(
    target: Target,
    senders: number,
    connection: SqsConnection,
    facts: QueueFacts,
    mostBytes: number,
  ) {
    this.connection = connection;
    this.facts = facts;
    this.senders = senders;
    this.label = connection.label;
    this.identity = `sqs:${facts.arn || connection.queueUrl}`;
    this.letters = {
      fifo: facts.fifo,
      mostBytes,
      marks: target.marks,
      clipDelay: target.clipDelay,
      nowMs: Date.now,
    };
    this.findings = queueFindings(facts);
  }

  /** Asks for the queue's attributes; sends nothing. */
  static async open(target: Target, senders: number): Promise<SqsDestination> {
    // A repetition that nobody notes is a double that nobody names: sending again is decided here.
    const connection = await connectSqs({ ...target.connection, maxSockets: senders + 8, maxAttempts: 1 });
    const facts = await queueFacts(connection);
    const { MaximumMessageSize } = await readAttributes(connection.client, connection.queueUrl);
    return new SqsDestination(target, senders, connection, facts, Number(MaximumMessageSize ?? 262_144));
  }

  /** For how long the queue recognises what is sent again. */
  private get recognisedMs(): number {
    return this.facts.fifo ? RECOGNISED_MS : 0;
  }

  get promise(): string {
    return this.facts.fifo
      ? 'once, by deduplication ids: SQS recognises what is sent again within five minutes; what may be doubled beyond that is named'
      : 'at least once: what may be doubled after a crash or a lost answer is named, and carries qctl.entry';
  }

  trial(items: readonly Item[]): Promise<Trial> {
    const reasons = items.flatMap((item) => {
      const letter = toLetter(item, this.letters);
      return 'reason' in letter ? [`${item.entry}: ${letter.reason}`] : [];
    });
    if (reasons.length === 0) return Promise.resolve({ findings: [] });
    const finding: Finding = {
      level: reasons.length === items.length ? 'blocker' : 'warning',
      code: 'MESSAGES_REFUSED',
      text: `of ${items.length} ${plural(items.length, 'entry')} tried, SQS would not take ${reasons.length}; ${reasons[0]}`,
      remedy: 'what it does not take stays pending in the stream and is named in the report',
    };
    return Promise.resolve({ findings: [finding] });
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  /** The senders are shared by all lanes, and so is what is known of blocked groups. */
  courier(): Courier {
    return { deliver: (items, hand) => this.deliver(items, hand), close: () => Promise.resolve() };
  }

  async deliver(items: readonly Item[], hand: Hand): Promise<void> {
    const letters: Letter[] = [];
    for (const item of await this.withoutArrived(items, hand)) {
      const letter = toLetter(item, this.letters);
      const group = 'reason' in letter ? this.groupOfRefused(item) : letter.group;
      const before = group === null ? undefined : this.blocked.get(group);
      if (before !== undefined) await hand.leave([[item.entry, behind(before)]]);
      else if ('reason' in letter) {
        if (group !== null) this.blocked.set(group, item.entry);
        await hand.leave([[item.entry, letter.reason]]);
      } else letters.push(letter);
    }
    await this.sendAll(letters, hand);
  }

  count(): Promise<number | null> {
    return Promise.resolve(null);
  }

  notes(): string[] {
    const notes: string[] = [];
    if (this.unmarked > 0)
      notes.push(
        `${this.unmarked} ${plural(this.unmarked, 'message')} had no room for all of qctl's own attributes, and went without some of them`,
      );
    if (this.recognised > 0)
      notes.push(
        `Redis had forgotten that ${this.recognised} ${plural(this.recognised, 'entry was')} given back; acknowledged again and not sent again`,
      );
    if (this.clipped > 0)
      notes.push(
        `${this.clipped} ${plural(this.clipped, 'message is')} visible before ${plural(this.clipped, 'its')} time (--clip-delay)`,
      );
    return notes;
  }

  close(): Promise<void> {
    this.connection.close();
    return Promise.resolve();
  }

  /** What Redis has forgotten is acknowledged once more and not sent again. */
  private async withoutArrived(items: readonly Item[], hand: Hand): Promise<Item[]> {
    const there = items.filter((item) => this.arrived.has(nameOf(item)));
    if (there.length === 0) return [...items];
    const ids = there.map(({ entry }) => entry);
    // They have arrived, and may have been taken by somebody else meanwhile as any other entry.
    const held = await hand.begin(ids, new Set(ids), this.recognisedMs);
    this.recognised += held.size;
    if (held.size > 0) await hand.ack([...held].map((entry) => [entry, 'returned'] as const));
    return items.filter((item) => !there.includes(item));
  }

  /** Of what cannot be sent, those behind it in its group must be held back as well. */
  private groupOfRefused({ message }: Item): string | null {
    return this.facts.fifo && message.key !== undefined ? groupOf(message.key) : null;
  }

  private async sendAll(letters: readonly Letter[], hand: Hand): Promise<void> {
    const feed = new Feed(letters);
    let failure: { error: unknown } | undefined;
    const sender = async (who: string): Promise<void> => {
      for (let batch = await feed.take(); batch.length > 0 && !failure; batch = await feed.take()) {
        try {
          await this.send(who, batch, feed, hand);
        } catch (error) {
          failure ??= { error };
        } finally {
          feed.release(batch);
        }
      }
    };
    setMaxListeners(0, hand.signal);
    await Promise.all(
      Array.from({ length: Math.min(this.senders, letters.length) }, (_, i) => sender(`sender ${i + 1}`)),
    );
    if (failure) throw failure.error;
  }

  /** Sends a batch until each of its messages has arrived or is known never to. */
  private async send(who: string, batch: readonly Letter[], feed: Feed, hand: Hand): Promise<void> {
    const unsent = new Set<string>();
    let open = [...batch];
    for (let attempt = 0; open.length > 0; attempt += 1) {
      const held = await hand.begin(
        open.map(({ entry }) => entry),
        unsent,
        this.recognisedMs,
      );
      open = open.filter(({ entry }) => held.has(entry));
      if (open.length === 0) break;
      const sent = await sendBatch(this.connection.client, this.connection.queueUrl, open);
      await this.settle(sent.arrived, hand);
      for (const [letter, reason] of sent.refused) await this.refuse(letter, reason, feed, hand);
      unsent.clear();
      for (const { entry } of sent.unsent) unsent.add(entry);
      open = [...sent.unsent, ...sent.unknown];
      if (open.length === 0) break;
      hand.waiting(who, `${this.label}: ${sent.reason}`);
      await pause(Math.min(FIRST_PAUSE_MS * 2 ** Math.min(attempt, 10), LONGEST_PAUSE_MS), hand.signal);
      if (hand.signal.aborted) throw new Interrupted();
    }
    hand.waiting(who, null);
  }

  private async settle(arrived: readonly Letter[], hand: Hand): Promise<void> {
    if (arrived.length === 0) return;
    for (const { name } of arrived) this.arrived.add(name);
    this.unmarked += arrived.filter(({ unmarked }) => unmarked).length;
    this.clipped += arrived.filter(({ clipped }) => clipped).length;
    await hand.ack(arrived.map(({ entry }) => [entry, 'returned'] as const));
  }

  private async refuse(letter: Letter, reason: string, feed: Feed, hand: Hand): Promise<void> {
    const left: [string, string][] = [[letter.entry, reason]];
    if (letter.group !== null) {
      this.blocked.set(letter.group, letter.entry);
      for (const { entry } of feed.drop(letter.group)) left.push([entry, behind(letter.entry)]);
    }
    await hand.leave(left);
  }
}

function behind(entry: string): string {
  return `it stands behind ${entry} of its group, which could not be given back`;
}
