/**
 * Lua that fails with READONLY on a replica and does nothing elsewhere. A replica runs scripts as long as they
 * do not write: a refusal that it gives, or that something is gone, would be about old data or none, where a
 * client still talks to a primary of yesterday. `hash` is an expression, such as `KEYS[1]`, that names a hash.
 */
export const onPrimary = (hash: string): string => `redis.call('HDEL', ${hash}, '')`;
