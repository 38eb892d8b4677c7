/** What is known of the Redis server. */
export interface RedisServerFacts {
  label: string;
}

/** What is known of the stream that messages are to go to, over all its partitions. */
export interface TargetStreamFacts {
  stream: string;
  partitions: number;
}
