import { createHash } from 'node:crypto';
import { cpus, hostname, totalmem } from 'node:os';
import type { LoadProfile } from '../profile/profile.ts';
import type { Fingerprint } from '../result.ts';

/** What a result must share with another to be compared with it. */
export function fingerprintOf(profile: LoadProfile, version: string): Fingerprint {
  const parts = workloadParts(profile);
  const [first] = cpus();
  return {
    workload: createHash('sha256').update(JSON.stringify(parts)).digest('hex'),
    workloadParts: parts,
    qctl: version,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: first?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    host: hostname(),
  };
}

/** The target is no part of it: the same load on two targets is what is compared. */
function workloadParts(profile: LoadProfile): Record<string, string> {
  const { stages, durationMs, count, warmupMs, payload, keys, seed, producers, consumers, faults, target } =
    profile;
  const said = {
    arrivals: { stages, durationMs, count, warmupMs },
    payload,
    keys,
    seed,
    producers,
    consumers,
    groups: target.kind === 'redis' ? target.groups : 1,
    faults,
  };
  return Object.fromEntries(Object.entries(said).map(([name, part]) => [name, JSON.stringify(part)]));
}
