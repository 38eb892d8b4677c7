import {
  type RedisConnection,
  redisFacts,
  refuseClusterNode,
  toTargetError,
} from '../../backends/redis/index.ts';
import { ifAllowed } from '../../backends/redis/info.ts';
import { keyFindings, rightsFindings } from '../../drain/index.ts';
import type { Finding } from '../../model/finding.ts';
import type { MoveRequest } from '../request.ts';
import { lookAtAccess } from './access.ts';
import { unlessDenied } from './allowed.ts';
import { clusterMap, isServed } from './cluster.ts';
import type { RedisServerFacts, TargetStreamFacts } from './facts.ts';
import { lookAtNode } from './node.ts';
import { serverFacts } from './server.ts';
import { findingsOfServer } from './server-findings.ts';
import { askAboutStream, type Move, type StreamAnswers, unknownStream } from './stream.ts';
import { findingsOfStream } from './stream-findings.ts';
import { streamFacts } from './stream-shown.ts';
import { type Lacking, unknownFindings } from './unknown.ts';

/** What an analysis has found out about the server. */
export interface ServerLook {
  facts: RedisServerFacts;
  findings: Finding[];
}

/** What an analysis has found out about a stream. */
export interface StreamLook {
  facts: TargetStreamFacts;
  findings: Finding[];
}

/**
 * Looks at the server: reads only. What depends on how something is moved, such as the durability asked for, is
 * judged for all these moves at once; without any, as by default.
 */
export async function lookAtServer(
  redis: RedisConnection,
  moves: readonly MoveRequest[] = [],
): Promise<ServerLook> {
  await refuseClusterNode(redis, 'look at redis');
  const common = await redisFacts(redis);
  return asking(redis, async () => {
    const masters = 'nodes' in redis.client ? redis.client.nodes('master') : [redis.client];
    const [nodes, access, cluster] = await Promise.all([
      Promise.all(masters.map(lookAtNode)),
      Promise.all(masters.map(lookAtAccess)),
      clusterMap(redis),
    ]);
    const answers = { redis, common, nodes, access, cluster };
    return { facts: serverFacts(answers), findings: findingsOfServer(answers, moves) };
  });
}

/**
 * Looks at the stream of one move, and at what of the server depends on that move: reads only.
 *
 * @param backlog messages that are to be moved; null: not known
 */
export async function lookAtStream(
  redis: RedisConnection,
  move: Move,
  backlog: number | null = null,
): Promise<StreamLook> {
  return asking(redis, async () => {
    const cluster = await clusterMap(redis);
    // Said of the server already; who asks for such a slot gets CLUSTERDOWN.
    if (cluster && !isServed(cluster))
      return { facts: streamFacts(unknownStream(move, cluster), true), findings: [] };
    const keys = await unlessDenied(keyFindings(redis, move.target));
    const rights = await rightsFindings(redis, move.target);
    const answers = await askAboutStream(redis, move, cluster);
    const lacking = lackingOf(answers, rights === null);
    return {
      facts: streamFacts(answers, redis.kind === 'cluster'),
      findings: [
        ...(keys ?? []),
        ...byCommand(rights ?? []),
        ...findingsOfStream(answers, backlog),
        ...unknownFindings(lacking, await userOf(redis)),
      ],
    };
  });
}

async function asking<T>(redis: RedisConnection, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    throw toTargetError(error, redis.label, 'look at redis');
  }
}

/** A user who lacks a command lacks it for every partition: it is said once. */
function byCommand(findings: readonly Finding[]): Finding[] {
  const commands = new Map<string, Finding[]>();
  for (const finding of findings) {
    const [command] = finding.text.split(':', 1);
    commands.set(command!, [...(commands.get(command!) ?? []), finding]);
  }
  return [...commands.values()].map(([first, ...others]) => ({
    ...first!,
    text: others.length > 0 ? `${first!.text} (and ${others.length} times more)` : first!.text,
  }));
}

function lackingOf({ types, details, runs }: StreamAnswers, noDryRun: boolean): Lacking[] {
  const lacking: Lacking[] = [];
  if (types === null) lacking.push({ command: 'TYPE', right: '+type', facts: 'what the key holds' });
  if (details === null)
    lacking.push({
      command: 'XINFO in a script',
      right: '+@scripting +xinfo +xpending +memory|usage',
      facts: 'entries, groups and lag of the stream',
    });
  if (runs === null)
    lacking.push({ command: 'HMGET', right: '%R~qctl:* +@read', facts: 'unfinished runs of qctl' });
  if (noDryRun)
    lacking.push({
      command: 'ACL DRYRUN',
      right: '+acl|whoami +acl|dryrun',
      facts: 'which commands of a drain are allowed',
    });
  return lacking;
}

async function userOf({ client }: RedisConnection): Promise<string | null> {
  return (await ifAllowed(client.call('ACL', 'WHOAMI'))) as string | null;
}
