/** How many messages one chunk holds. */
export const CHUNK_SIZE = 8192;

/** What is known of a message itself. */
export const SENT = 1;
export const CONFIRMED = 2;
export const FAILED = 4;
export const DROPPED = 8;

/** What is known of a message in a group; above it stands how often it was delivered, up to 15 times. */
export const DELIVERED = 1;
export const DONE = 2;
export const DEAD = 4;
export const CORRUPT = 8;
const DELIVERY = 16;

/** Facts of {@link CHUNK_SIZE} messages in a row, a column a fact. Times are of `performance.now()`. */
export class Chunk {
  readonly due = new Float64Array(CHUNK_SIZE);
  readonly sent = new Float64Array(CHUNK_SIZE);
  /** 0: not confirmed. */
  readonly stored = new Float64Array(CHUNK_SIZE);
  readonly crc = new Uint32Array(CHUNK_SIZE);
  readonly key = new Int32Array(CHUNK_SIZE);
  readonly state = new Uint8Array(CHUNK_SIZE);
  /** Of each message, group after group. */
  readonly groups: Uint8Array;
  /** Groups that a message still waits for; with no group, 1 until it is confirmed. */
  readonly left: Uint8Array;
  /** Sum of `left`, those that have not been handed over yet included. */
  open: number;
  readonly #groupCount: number;

  constructor(groupCount: number) {
    this.#groupCount = groupCount;
    const each = Math.max(1, groupCount);
    this.groups = new Uint8Array(CHUNK_SIZE * groupCount);
    this.left = new Uint8Array(CHUNK_SIZE).fill(each);
    this.open = CHUNK_SIZE * each;
  }

  /** One group less waits for it. */
  settle(at: number): void {
    if (this.left[at] === 0) return;
    this.left[at]! -= 1;
    this.open -= 1;
  }

  /** Nobody waits for it any more. */
  settleWholly(at: number): void {
    this.open -= this.left[at]!;
    this.left[at] = 0;
  }

  cell(at: number, group: number): number {
    return at * this.#groupCount + group;
  }

  /** @returns how often it was delivered by now, 15 at most */
  countDelivery(cell: number): number {
    const times = Math.min(15, (this.groups[cell]! >> 4) + 1);
    this.groups[cell] = (this.groups[cell]! & (DELIVERY - 1)) | (times << 4);
    return times;
  }
}
