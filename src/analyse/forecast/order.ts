/** How messages of the same key spread over the partitions of the stream. */
export interface OrderPlan {
  /** What keeps order: `key` of the message, FIFO group; null: nothing does. */
  by: string | null;
  /** Different keys in the sample, and how many messages it was. */
  keys: number;
  sampled: number;
  /** The key with the most messages, and its share of them, 0 to 1. */
  hottest: { key: string; share: number } | null;
  partitions: number;
  /** The fullest partition's share of the messages, 0 to 1. */
  fullestShare: number | null;
}
