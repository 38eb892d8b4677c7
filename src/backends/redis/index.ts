export { missingRights, type PlannedCommand } from './acl.ts';
export { refuseClusterNode } from './cluster-node.ts';
export { connectRedis, type RedisConnection } from './connect.ts';
export { isRetryable, replyCode, toTargetError } from './errors.ts';
export { ping } from './handshake.ts';
export { type RedisFacts, redisFacts } from './info.ts';
export type { HostPort, RedisKind, RedisOptions, TlsOptions } from './options.ts';
export { waitUntilReady } from './ready.ts';
export { defineScript, type RedisScript, runScript, runScriptBuffer, type ScriptArg } from './script.ts';
