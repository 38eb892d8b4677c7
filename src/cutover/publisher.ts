import { placeOfThisProcess } from '../backends/process/place.ts';
import { pause } from '../model/patience.ts';
import { isFenced } from './fence.ts';
import { heed } from './heed.ts';
import { isAway } from './journal.ts';
import { giveUpLock } from './lock.ts';
import { readControls } from './said.ts';
import type { Session } from './session.ts';
import { enterRun, isOver, keepRecord } from './store.ts';

const LEASE_MS = 15_000;
const POLL_MS = 500;
/** How long the last word is tried where Redis does not answer. */
const LAST_WORD_MS = 5000;

/** Keeps the record of a run up to date, and looks what operators say to it. */
export class Publisher {
  private readonly session: Session;
  private readonly place = placeOfThisProcess();
  private readonly over = new AbortController();
  private dirty = true;
  private keptAt = Number.NEGATIVE_INFINITY;
  private loop: Promise<void> | undefined;
  private wake: () => void = () => undefined;

  constructor(session: Session) {
    this.session = session;
  }

  private get leaseMs(): number {
    return this.session.hands.options.leaseMs ?? LEASE_MS;
  }

  start(): void {
    this.loop = this.work();
  }

  changed(): void {
    this.dirty = true;
    this.wake();
  }

  /** Says the last word and gives the lock back, or leaves it to the run where that is not over. */
  async close(): Promise<void> {
    const { session } = this;
    this.over.abort();
    this.wake();
    await this.loop;
    session.hands.lease?.stop();
    try {
      if (session.cause?.kind !== 'lost') await this.lastWord();
    } finally {
      await session.hands.journal.close();
    }
  }

  private async work(): Promise<void> {
    let pollAt = 0;
    while (!this.over.signal.aborted) {
      const due = this.dirty || performance.now() - this.keptAt > this.leaseMs / 3;
      if (due) await this.keep();
      if (performance.now() >= pollAt) {
        await this.listen();
        pollAt = performance.now() + (this.session.hands.options.pollMs ?? POLL_MS);
      }
      await this.rest(Math.max(20, pollAt - performance.now()));
    }
  }

  private rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.over.signal.aborted) return resolve();
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        // Changes come in crowds: one look tells of all of them.
        setTimeout(resolve, 20);
      };
    });
  }

  private async keep(): Promise<void> {
    this.dirty = false;
    await this.orStop(() => this.keepOnce(this.leaseMs));
    this.keptAt = performance.now();
  }

  private async keepOnce(leaseMs: number): Promise<void> {
    const { hands, status } = this.session;
    const gates = hands.plan.steps.flatMap(({ id, outline: { asks } }) => (asks ? [{ step: id, asks }] : []));
    const record = {
      status,
      hash: hands.plan.hash,
      lock: hands.plan.lock,
      gates,
      journal: hands.journal.path,
    };
    await keepRecord(hands.host, hands.fence, leaseMs, record, this.place);
    // Redis may have lost that too: who names no run is to find it all the same.
    if (!status.rehearsal) await enterRun(hands.host, status.run, Date.parse(status.startedAt));
  }

  private async listen(): Promise<void> {
    await this.orStop(async () =>
      heed(this.session, await readControls(this.session.hands.host, this.session.run)),
    );
  }

  /** Redis may be away, which is not this one's business. */
  private async orStop(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (isFenced(error)) this.session.stop({ kind: 'lost', error });
      if (!isAway(error)) return;
      this.dirty = true;
      await pause(200, this.over.signal);
    }
  }

  private async lastWord(): Promise<void> {
    const { session } = this;
    const { journal, lock, host } = session.hands;
    const until = performance.now() + LAST_WORD_MS;
    for (;;) {
      try {
        await journal.flush();
        await this.keepOnce(0);
        const { end } = session.folded;
        const settled = end !== null && isOver(end.state) && end.state !== 'rollbackFailed';
        if (lock) await giveUpLock(host, lock, settled ? 'free' : 'leave');
        return;
      } catch (error) {
        if (isFenced(error)) throw error;
        if (!isAway(error) || performance.now() > until) return this.unsaid(error);
        await pause(200, new AbortController().signal);
      }
    }
  }

  private unsaid(error: unknown): void {
    const { run, hands } = this.session;
    this.session.note(
      `redis does not know how run ${run} ended (${(error as Error).message}): the journal ${hands.journal.path} does; qctl cutover resume ${run} tells it`,
    );
  }
}
