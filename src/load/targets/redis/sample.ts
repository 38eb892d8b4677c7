import { mastersOf, type RedisConnection } from '../../../backends/redis/index.ts';
import { ifAllowed, parseInfo } from '../../../backends/redis/info.ts';
import { judgeLag, readFacts, type StreamFacts } from '../../../streams/index.ts';
import type { BackendSample } from '../target.ts';

/** How the server and the stream stand, as seen by these groups. Rejects as the connection does. */
export async function sampleRedis(
  redis: RedisConnection,
  stream: string,
  groups: ReadonlySet<string>,
): Promise<{ sample: BackendSample; facts: StreamFacts | undefined }> {
  const [facts, nodes] = await Promise.all([
    readFacts(redis, stream, { memory: true }),
    Promise.all(mastersOf(redis).map((node) => ifAllowed(node.info()))),
  ]);
  return { facts, sample: { ...streamPart(facts, groups), ...serverPart(nodes) } };
}

function streamPart(facts: StreamFacts | undefined, own: ReadonlySet<string>) {
  const groups = facts?.groups.filter(({ group }) => own.has(group)) ?? [];
  return {
    length: facts?.length ?? null,
    lag: worst(groups.map((group) => judgeLag(facts!, group).lag)),
    pending: worst(groups.map(({ pending }) => pending)),
    queueBytes: facts?.memoryBytes ?? null,
  };
}

/** Null where one of them is not known: the worst could be that one. */
function worst(values: (number | null)[]): number | null {
  return values.length === 0 || values.includes(null) ? null : Math.max(...(values as number[]));
}

function serverPart(nodes: (string | null)[]) {
  const infos = nodes.map((text) => (text === null ? undefined : parseInfo(text)));
  const sum = (of: (info: Map<string, string>) => number | null) =>
    infos.reduce<number | null>((total, info) => {
      const value = info ? of(info) : null;
      return total === null || value === null ? null : total + value;
    }, 0);
  const shares = infos.map((info) => (info ? memoryShare(info) : null));
  return {
    memoryBytes: sum((info) => numberOf(info, 'used_memory')),
    memoryShare: worst(shares),
    cpuSeconds: sum((info) => {
      const [user, system] = [numberOf(info, 'used_cpu_user'), numberOf(info, 'used_cpu_sys')];
      return user === null || system === null ? null : user + system;
    }),
  };
}

/** Of its own limit, else of the machine's memory. */
function memoryShare(info: Map<string, string>): number | null {
  const used = numberOf(info, 'used_memory');
  const most = numberOf(info, 'maxmemory') || numberOf(info, 'total_system_memory');
  return used === null || !most ? null : used / most;
}

function numberOf(info: Map<string, string>, name: string): number | null {
  const text = info.get(name);
  return text === undefined || text === '' ? null : Number(text);
}
