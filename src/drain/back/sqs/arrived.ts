import type { Item } from '../destination.ts';

/** Some tens of seconds at full speed, and 20 MB at most. */
const REMEMBERED = 100_000;

/** Names an entry by its place and its content: after a failover an id may be given to another message. */
export function nameOf({ stream, entry, digest }: Pick<Item, 'stream' | 'entry' | 'digest'>): string {
  return `${stream} ${entry} ${digest}`;
}

/**
 * The last entries that have arrived in the queue. A failover of Redis may forget that they were given back and
 * hand them out once more; a queue would not recognise them.
 */
export class Arrived {
  private readonly names = new Set<string>();
  private readonly most: number;

  constructor(most = REMEMBERED) {
    this.most = most;
  }

  add(name: string): void {
    this.names.add(name);
    if (this.names.size <= this.most) return;
    const { value: oldest } = this.names.values().next();
    this.names.delete(oldest!);
  }

  has(name: string): boolean {
    return this.names.has(name);
  }
}
