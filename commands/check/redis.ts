import { Option } from 'commander';
import { ping, type RedisConnection, redisFacts, toTargetError } from '../../src/backends/redis/index.ts';
import { resolveOptions } from '../../src/backends/redis/options.ts';
import type { Finding, Range } from '../../src/checks/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { type Expected, redisFindings, redisReadings } from './redis-readings.ts';
import { runCheck } from './run-check.ts';
import { addRangeHelp, addThresholds, defaultRange } from './thresholds.ts';

/** The flags of `check redis`. */
export interface RedisFlags extends Expected {
  warning?: Range;
  critical?: Range;
  warningLatency?: Range;
  criticalLatency?: Range;
}

/** `qctl check redis`. */
export function newCommand(context: Context, entry: CommandEntry, run = runCheckRedis): QctlCommand {
  const command = createCommand(entry);
  addThresholds(command, {
    what: 'the percentage of maxmemory that is used',
    operand: 'percent',
    defaults: { warning: '80', critical: '90' },
  });
  addThresholds(command, { what: 'the time of a PING', operand: 'duration', suffix: 'latency' });
  const role = new Option('--role <role>', 'CRITICAL where the server has another role (default: primary)');
  command
    .addOption(role.choices(['primary', 'replica', 'any']).default('primary'))
    .option(
      '--require-persistence',
      'WARNING where the server keeps neither an append-only file nor snapshots',
    );
  addConnectionOptions(command, ['redis']);
  addExamples(command, [
    ['qctl check redis', 'reachable, a primary, with memory left, and evicting nothing'],
    ['qctl check redis -w 70 -c 85 --critical-latency 100ms --require-persistence', 'stricter'],
  ]);
  addRangeHelp(command);
  return command.action((flags: RedisFlags) => run(context, flags));
}

/** Carries it out. Returns the exit code. */
export async function runCheckRedis(context: Context, flags: RedisFlags): Promise<number> {
  const { label } = resolveOptions(await context.redisOptions());
  const thresholds = {
    memory: {
      warning: flags.warning ?? defaultRange('80', 'percent'),
      critical: flags.critical ?? defaultRange('90', 'percent'),
    },
    latency: { warning: flags.warningLatency, critical: flags.criticalLatency },
  };
  return runCheck(context, {
    check: 'redis',
    target: label,
    labels: { server: label },
    // A server that cannot be reached is what is looked for here; one that refuses the login is not known.
    statusOf: ({ kind }) => (kind === 'target' ? 'critical' : 'unknown'),
    measure: async () => {
      const redis = await context.redis();
      const facts = await redisFacts(redis);
      const readings = redisReadings(facts, await measureLatency(redis), thresholds);
      const findings = [...(await clusterFindings(redis)), ...redisFindings(facts, flags)];
      return [{ name: label, labels: { server: label }, readings, findings }];
    },
  });
}

const PINGS = 5;

/** Median of a few, of the slowest master; null where PING is not allowed. */
async function measureLatency({ client, label }: RedisConnection): Promise<number | null> {
  const nodes = 'nodes' in client ? client.nodes('master') : [client];
  const medians = await Promise.all(
    nodes.map(async (node) => {
      const times: number[] = [];
      for (let i = 0; i < PINGS; i += 1) {
        const start = performance.now();
        await ping(node);
        times.push(performance.now() - start);
      }
      return times.sort((a, b) => a - b)[Math.floor(PINGS / 2)]!;
    }),
  ).catch((error) => {
    const shown = toTargetError(error, label, 'ping redis');
    if (shown.code === 'REDIS_NOPERM') return null;
    throw shown;
  });
  return medians && Math.max(...medians);
}

/** Single nodes may answer while a part of the slots is not served; not all of them notice it. */
async function clusterFindings({ client, label }: RedisConnection): Promise<Finding[]> {
  if (!('nodes' in client)) return [];
  const code = 'CLUSTER_STATE';
  const infos = await Promise.all(client.nodes('master').map((node) => node.cluster('INFO'))).catch(
    (error) => {
      const shown = toTargetError(error, label, 'read the state of the cluster');
      if (shown.kind === 'auth') return [];
      throw shown;
    },
  );
  if (infos.length === 0)
    return [{ code, status: 'unknown', text: 'the state of the cluster may not be read' }];
  const states = infos.map((info) => /cluster_state:(\w+)/.exec(String(info))?.[1] ?? 'unknown');
  const bad = states.find((state) => state !== 'ok');
  if (bad === undefined) return [{ code, status: 'ok', text: 'cluster ok' }];
  return [{ code, status: 'critical', text: `the state of the cluster is ${bad}` }];
}
