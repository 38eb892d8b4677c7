import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { answersPing, type RedisOptions, startRedis, type TestRedis } from '../support/redis.ts';
import { type CommandEnd, type CommandSetting, runCommand } from './run-command.ts';

/** A server for one file of tests, empty before each of them, so that streams can have plain names. */
export interface OwnRedis {
  readonly client: Redis;
  readonly server: TestRedis;
  /** Runs a command against it. The server's address is shown as `SERVER`, times that go on as `NOW`. */
  run(argv: string[], setting?: CommandSetting): Promise<CommandEnd>;
}

/** To be called at the top of a file of tests. */
export function useOwnRedis(options: RedisOptions = {}): OwnRedis {
  let server: TestRedis;
  let client: Redis;
  beforeAll(async () => {
    server = await startRedis(options);
    client = new Redis(server.url);
    // Some tests stop the server.
    client.on('error', () => undefined);
  });
  beforeEach(async () => {
    // A test that failed may have left it away, which is to fail no other test.
    if (!(await answersPing(server.port, options))) await server.restart();
    await client.flushall();
  });
  afterAll(async () => {
    client.disconnect();
    await server.stop();
  });
  return {
    get client() {
      return client;
    },
    get server() {
      return server;
    },
    async run(argv, setting = {}) {
      const { code, stdout, stderr } = await runCommand(argv, { url: server.url, ...setting });
      const still = (text: string) =>
        withoutTimes(text).replaceAll(`${server.host}:${server.port}`, 'SERVER');
      return { code, stdout: still(stdout), stderr: still(stderr) };
    },
  };
}

/** How long ago a consumer was seen: the last column of a table, a part of a sentence, a field. */
function withoutTimes(text: string): string {
  return text
    .replace(/ +(?=IDLE$)/gm, ' ')
    .replace(/ +(\d+ms|\d+\.\ds)$/gm, ' NOW')
    .replace(/seen (\d+ms|\d+\.\ds) ago/g, 'seen NOW ago')
    .replace(/("(?:idleMs|inactiveMs)": ?)\d{1,5}\b/g, '$1"NOW"');
}
