/** Path of the Redis (or Valkey) server to use, or undefined when there is none. */
export declare function findRedisServer(env?: NodeJS.ProcessEnv): string | undefined;
