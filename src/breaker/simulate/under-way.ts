import type { Outcome } from './outcome.ts';

/** A call that was let through and has not ended. */
export interface CallUnderWay extends Outcome {
  endMs: number;
  /** Of the breaker, when the call began. */
  version: number;
  /** Null where it is no probe. */
  lease: string | null;
}

/** Calls under way by when they end; of those that end at once the first that began comes first. */
export class CallsUnderWay {
  private readonly heap: { call: CallUnderWay; order: number }[] = [];
  private count = 0;

  /** Adds one. */
  add(call: CallUnderWay): void {
    const { heap } = this;
    heap.push({ call, order: this.count++ });
    let at = heap.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.isBefore(at, parent)) return;
      this.swap(at, parent);
      at = parent;
    }
  }

  /** Takes out the next that has ended by then; undefined where there is none. */
  takeEnded(byMs: number): CallUnderWay | undefined {
    const { heap } = this;
    const first = heap[0]?.call;
    if (!first || first.endMs > byMs) return undefined;
    const last = heap.pop()!;
    if (heap.length > 0) {
      heap[0] = last;
      this.sink();
    }
    return first;
  }

  private sink(): void {
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      let least = at;
      for (const child of [left, left + 1])
        if (child < this.heap.length && this.isBefore(child, least)) least = child;
      if (least === at) return;
      this.swap(at, least);
      at = least;
    }
  }

  private isBefore(one: number, other: number): boolean {
    const [a, b] = [this.heap[one]!, this.heap[other]!];
    return a.call.endMs - b.call.endMs < 0 || (a.call.endMs === b.call.endMs && a.order < b.order);
  }

  private swap(one: number, other: number): void {
    const { heap } = this;
    [heap[one], heap[other]] = [heap[other]!, heap[one]!];
  }
}
