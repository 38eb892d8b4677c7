import { Redis } from 'ioredis';
import type { RedisOptions } from './redis.ts';

/** One command over one short connection; a last argument that is an object holds the login. */
export async function command(port: number, ...words: (string | number | RedisOptions)[]): Promise<unknown> {
  const last = words.at(-1);
  const login = typeof last === 'object' ? last : {};
  const [name, ...args] = words.filter((word) => typeof word !== 'object').map(String);
  const client = new Redis({
    port,
    host: '127.0.0.1',
    password: login.password,
    tls: login.tls ? { rejectUnauthorized: false } : undefined,
    retryStrategy: () => null,
    lazyConnect: true,
    enableReadyCheck: false,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return await client.call(name!, ...args);
  } finally {
    client.disconnect();
  }
}
