import { createHash } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';

/** A Lua script and the SHA-1 under which the server caches it. */
export interface RedisScript {
  lua: string;
  sha: string;
}

/** What a script takes besides its keys. */
export type ScriptArg = string | Buffer | number;

/** Names a script once, at module level. Costs one hash and nothing else. */
export function defineScript(lua: string): RedisScript {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/**
 * Runs a script by its SHA-1; a server that does not know it yet gets the text.
 * All keys must share a slot on a cluster, which then routes by the first one.
 * Throws the raw reply error, see `isRetryable`.
 *
 * @param sent called each time that the script was sent: a second time where the server did not know it
 */
export function runScript(
  client: Redis | Cluster,
  script: RedisScript,
  keys: string[],
  args: ScriptArg[],
  sent?: () => void,
): Promise<unknown> {
  const rest = [...keys, ...args];
  const told = (reply: Promise<unknown>): Promise<unknown> => {
    sent?.();
    return reply;
  };
  return orLoad(
    () => told(client.evalsha(script.sha, keys.length, ...rest)),
    () => told(client.eval(script.lua, keys.length, ...rest)),
  );
}

/** Like {@link runScript}, with every string of the reply as a Buffer. */
export function runScriptBuffer(
  client: Redis | Cluster,
  script: RedisScript,
  keys: string[],
  args: ScriptArg[],
): Promise<unknown> {
  const rest = [...keys, ...args];
  return orLoad(
    () => client.callBuffer('evalsha', script.sha, keys.length, ...rest),
    () => client.callBuffer('eval', script.lua, keys.length, ...rest),
  );
}

// NOSCRIPT means that nothing has run, so that the second call repeats nothing.
async function orLoad(cached: () => Promise<unknown>, full: () => Promise<unknown>): Promise<unknown> {
  try {
    return await cached();
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return await full();
  }
}
