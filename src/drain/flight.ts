/** Appends on their way: the next is sent while the target works on the one before. */
export class Flight {
  private readonly sent: Promise<void>[] = [];

  /** Takes an append along, and waits until there is room for another. Throws what an earlier one failed with. */
  async add(append: Promise<void>, inFlight: number): Promise<void> {
    append.catch(() => undefined);
    this.sent.push(append);
    await this.land(inFlight - 1);
  }

  /** Waits until at most `keep` are on their way. */
  async land(keep = 0): Promise<void> {
    while (this.sent.length > keep) await this.sent.shift();
  }

  async ended(): Promise<void> {
    await Promise.allSettled(this.sent);
  }
}
