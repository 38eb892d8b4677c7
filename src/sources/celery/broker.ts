import type { Redis } from 'ioredis';
import {
  connectRedis,
  isRetryable,
  type RedisConnection,
  type RedisOptions,
  type RedisScript,
  refuseClusterNode,
  runScriptBuffer,
  type ScriptArg,
  toTargetError,
} from '../../backends/redis/index.ts';
import { isQctlError, QctlError } from '../../errors.ts';
import { SourceAway } from '../source.ts';

/** A connection to the Redis that Celery uses as its broker. Its errors speak of a source. */
export class Broker {
  readonly connection: RedisConnection;
  /** `redis://user@host:6379/1`. Never a password. */
  readonly label: string;

  private constructor(connection: RedisConnection) {
    this.connection = connection;
    this.label = connection.label;
  }

  /** @throws QctlError `source`, `auth` or `config`; a cluster is no broker of Celery's */
  static async connect(options: RedisOptions): Promise<Broker> {
    const connection = await connectRedis(options).catch((error: unknown) => {
      throw ofSource(error);
    });
    const broker = new Broker(connection);
    try {
      if (connection.kind === 'cluster') throw isCluster(connection.label);
      await broker.ask('look at the broker', () => refuseClusterNode(connection, 'look at the broker'));
      return broker;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  get client(): Redis {
    return this.connection.client as Redis;
  }

  /**
   * Asks something that changes nothing. Throws a QctlError of kind `source` or `auth`.
   *
   * @param doing what it is for, as a verb phrase: `read the queue celery`
   */
  async ask<T>(doing: string, question: (client: Redis) => Promise<T>): Promise<T> {
    try {
      return await question(this.client);
    } catch (error) {
      throw this.explained(error, doing);
    }
  }

  /** The same where what is asked comes again: throws {@link SourceAway} while the broker does not answer. */
  async patient<T>(doing: string, question: (client: Redis) => Promise<T>): Promise<T> {
    try {
      return await question(this.client);
    } catch (error) {
      const reason = isRetryable(error, this.connection.kind);
      throw reason === undefined ? this.explained(error, doing) : new SourceAway(reason, { cause: error });
    }
  }

  /** Runs a script, every string of its reply as bytes; as {@link Broker.patient}. */
  run(doing: string, script: RedisScript, keys: string[], args: ScriptArg[]): Promise<unknown> {
    return this.patient(doing, (client) => runScriptBuffer(client, script, keys, args));
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  private explained(error: unknown, doing: string): unknown {
    if (!(error instanceof Error)) return error;
    const known = toTargetError(error, this.label, doing);
    return known.code === 'REDIS_IS_CLUSTER' ? isCluster(this.label) : ofSource(known);
  }
}

/** What Redis has refused or failed in, said of the side that it is here. */
function ofSource(error: unknown): unknown {
  if (!isQctlError(error) || error.kind !== 'target') return error;
  const { message, code, hint, details, cause } = error;
  return new QctlError('source', message, { code, hint, details, cause });
}

function isCluster(label: string): QctlError {
  return new QctlError('config', `${label} is a Redis Cluster, and Celery's broker cannot be one`, {
    code: 'BROKER_IS_CLUSTER',
    hint: ["name the Redis of the workers' broker_url: a single server, or one behind Sentinel"],
    details: { server: label },
  });
}
