import { mastersOf, type RedisConnection, redisFacts, toTargetError } from '../../../backends/redis/index.ts';
import { QctlError } from '../../../errors.ts';
import { loadKeys } from '../../../model/keys.ts';
import { plural } from '../../../model/plural.ts';
import { readFacts, type StreamFacts } from '../../../streams/index.ts';
import type { LoadProfile } from '../../profile/profile.ts';
import type { RedisTargetProfile } from '../../profile/target-schema.ts';
import type { BackendSample, Consumer, LoadTarget, Producer, ProducerEvents } from '../target.ts';
import { callsOf } from './calls.ts';
import { CommandProducer } from './command-producer.ts';
import { RedisConsumer } from './consumer.ts';
import { PipeProducer } from './pipe-producer.ts';
import { removeOwn } from './remove-own.ts';
import { sampleRedis } from './sample.ts';
import { neededFrom } from './trim.ts';

/** So long after a test that was killed its stream is gone. */
const EXPIRE_MS = 120_000;

/** A Redis stream under test. The connection stays open: it is the caller's. */
export async function openRedisTarget(
  profile: LoadProfile,
  target: RedisTargetProfile,
  run: string,
  redis: RedisConnection,
): Promise<LoadTarget> {
  const { version, flavour } = await redisFacts(redis);
  return new RedisTarget(profile, target, run, redis, version && `${flavour ?? 'redis'} ${version}`);
}

class RedisTarget implements LoadTarget {
  readonly kind = 'redis';
  readonly label: string;
  readonly name: string;
  readonly version: string | null;
  readonly own: boolean;
  readonly groups: number;
  readonly ordered = true;
  readonly #profile: LoadProfile;
  readonly #target: RedisTargetProfile;
  readonly #redis: RedisConnection;
  readonly #run: string;
  readonly #groupNames: ReadonlySet<string>;
  /** What stood there before the run; undefined: nothing. */
  #before: StreamFacts | undefined;
  #facts: StreamFacts | undefined;
  #prepared = false;

  constructor(
    profile: LoadProfile,
    target: RedisTargetProfile,
    run: string,
    redis: RedisConnection,
    version: string | null,
  ) {
    this.#profile = profile;
    this.#target = target;
    this.#run = run;
    this.#redis = redis;
    this.label = redis.label;
    this.version = version;
    this.name = target.stream ?? loadKeys(run).stream;
    this.own = target.stream === undefined;
    this.groups = target.groups;
    this.#groupNames = new Set(Array.from({ length: target.groups }, (_, at) => this.#groupName(at)));
  }

  async prepare(): Promise<void> {
    this.#before = await readFacts(this.#redis, this.name);
    if (this.#before && this.#before.length > 0 && !this.#target.allowNotEmpty) throw notEmpty(this.#before);
    this.#prepared = true;
    await this.#asking(`make groups of stream ${this.name}`, async () => {
      for (const group of this.#groupNames)
        await this.#redis.client.xgroup('CREATE', this.name, group, '$', 'MKSTREAM');
      if (this.own && this.groups > 0) await this.#redis.client.pexpire(this.name, EXPIRE_MS);
    });
  }

  async producer(_at: number, events: ProducerEvents): Promise<Producer> {
    const { inFlight } = this.#profile.producers;
    // What stands still is what is measured: it is no reason to connect again.
    const connection = await this.#redis.duplicate({ silenceTimeoutMs: 0 });
    const Kind = connection.kind === 'cluster' ? CommandProducer : PipeProducer;
    return new Kind(connection, this.name, inFlight, events);
  }

  async consumer(group: number, name: string): Promise<Consumer> {
    return new RedisConsumer(callsOf(await this.#redis.duplicate({ silenceTimeoutMs: 0 })), {
      stream: this.name,
      group: this.#groupName(group),
      name,
      deadLetters: loadKeys(this.#run).deadLetters,
      claimAfterMs: this.#profile.consumers.claimAfter,
    });
  }

  async sample(): Promise<BackendSample> {
    const { sample, facts } = await sampleRedis(this.#redis, this.name, this.#groupNames);
    this.#facts = facts;
    return sample;
  }

  async pause(ms: number): Promise<void> {
    await this.#asking('pause redis', () =>
      Promise.all(mastersOf(this.#redis).map((node) => node.client('PAUSE', Math.round(ms), 'ALL'))),
    );
  }

  /** Keeps a stream of its own, and takes away what all groups have processed. */
  async tend(): Promise<void> {
    if (!this.own) return;
    const { client } = this.#redis;
    const { stream, deadLetters } = loadKeys(this.#run);
    await client.pexpire(stream, EXPIRE_MS);
    await client.pexpire(deadLetters, EXPIRE_MS);
    const { keep } = this.#target;
    const facts = this.#facts;
    if (keep === 'all' || !facts || facts.length <= keep) return;
    const minId = neededFrom(facts.groups);
    if (minId === null) await client.xtrim(stream, 'MAXLEN', '~', keep);
    else await client.xtrim(stream, 'MINID', '~', minId);
  }

  async close(): Promise<void> {
    if (!this.#prepared) return;
    const { client } = this.#redis;
    await this.#asking(`take away what the load test has made in ${this.name}`, async () => {
      await client.unlink(loadKeys(this.#run).deadLetters);
      if (!this.#before) await client.unlink(this.name);
      else await removeOwn(this.#redis, this.name, this.#run, this.#before.lastGeneratedId, this.#groupNames);
    });
  }

  #groupName(at: number): string {
    return this.own ? `g${at + 1}` : `qctl-${this.#run}-g${at + 1}`;
  }

  async #asking(doing: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw toTargetError(error, this.label, doing);
    }
  }
}

function notEmpty({ stream, length }: StreamFacts): QctlError {
  return new QctlError(
    'refused',
    `stream ${stream} holds ${length} ${plural(length, 'entry')} that are not of this test`,
    {
      code: 'TARGET_NOT_EMPTY',
      hint: [
        'leave stream out: the test makes one of its own, and takes it away',
        'or set allowNotEmpty: true of the target; groups of other readers get the test messages, too',
      ],
    },
  );
}
