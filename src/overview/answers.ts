interface Answer {
  promise: Promise<unknown>;
  /** Until when it is given again, by the monotonic clock; infinite while it is under way. */
  until: number;
}

/** So many different answers are kept. */
const MOST = 100;
/** No more than this part of the time is spent on one question, however often it is asked. */
const SHARE = 0.2;

/** Asks the same thing once at a time, and at most once an interval, whoever wants to know. */
export class Answers {
  readonly #intervalMs: number;
  readonly #answers = new Map<string, Answer>();

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** Throws what `ask` throws; a failure is not kept. */
  get<T>(question: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#answers.get(question);
    if (known && performance.now() < known.until) return known.promise as Promise<T>;
    this.#forgetOld();
    const answer: Answer = { promise: this.#ask(question, ask), until: Number.POSITIVE_INFINITY };
    this.#answers.delete(question);
    this.#answers.set(question, answer);
    // The oldest goes; who waits for it has it in hand.
    if (this.#answers.size > MOST) this.#answers.delete(this.#answers.keys().next().value!);
    return answer.promise as Promise<T>;
  }

  /** Nothing of what was asked so far is given again. */
  forget(): void {
    this.#answers.clear();
  }

  /** What will not be given again, such as a long message that was opened once, does not stay in memory. */
  #forgetOld(): void {
    const now = performance.now();
    for (const [question, { until }] of this.#answers) if (until <= now) this.#answers.delete(question);
  }

  async #ask<T>(question: string, ask: () => Promise<T>): Promise<T> {
    const from = performance.now();
    try {
      const value = await ask();
      const answer = this.#answers.get(question);
      const now = performance.now();
      if (answer) answer.until = Math.max(from + this.#intervalMs, now + (now - from) / SHARE);
      return value;
    } catch (error) {
      this.#answers.delete(question);
      throw error;
    }
  }
}
