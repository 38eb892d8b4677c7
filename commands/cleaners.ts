/** What is still to be closed: the last registered goes first, and each even if another fails. */
export class Cleaners {
  readonly #pending: (() => unknown)[] = [];

  add(clean: () => unknown): void {
    this.#pending.push(clean);
  }

  /** Runs what is registered by now, once. */
  async run(onError: (error: unknown) => void): Promise<void> {
    for (let clean = this.#pending.pop(); clean; clean = this.#pending.pop()) {
      try {
        await clean();
      } catch (error) {
        onError(error);
      }
    }
  }
}
