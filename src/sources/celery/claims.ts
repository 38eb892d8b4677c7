import { runScript } from '../../backends/redis/index.ts';
import { celeryForget } from '../../backends/redis/scripts/celery/forget.ts';
import type { Finding } from '../../model/finding.ts';
import { plural } from '../../model/plural.ts';
import type { Broker } from './broker.ts';
import type { CeleryKeys } from './keys.ts';

/** How much a run holds. */
export async function heldBy(broker: Broker, keys: CeleryKeys, run: string): Promise<number> {
  const lengths = await broker.ask('count what this run holds', (client) =>
    Promise.all(keys.held(run).map((key) => client.llen(key))),
  );
  return lengths.reduce((sum, length) => sum + length, 0);
}

/** Messages that other runs have taken and neither settled nor given back. @param replaced a run that is about to be closed */
export async function othersClaims(
  broker: Broker,
  keys: CeleryKeys,
  run: string,
  replaced?: string,
): Promise<Finding[]> {
  const fields = await broker.ask('look for other runs', (client) => client.hkeys(keys.claims));
  const runs = fields.filter((field) => field.startsWith('fence:')).map((field) => field.slice(6));
  const findings: Finding[] = [];
  for (const other of runs.filter((name) => name !== run)) {
    const held = await heldBy(broker, keys, other);
    if (held === 0) continue;
    const text = `${held} ${plural(held, 'message')} of the queue ${held === 1 ? 'is' : 'are'} held by run ${other}`;
    findings.push(
      other === replaced
        ? { level: 'note', code: 'HELD_BY_RUN', text: `${text} until that run is closed` }
        : {
            level: 'warning',
            code: 'HELD_BY_RUN',
            text: `${text}: they are not drained`,
            remedy: `repeat that run's own command (qctl drain status ${other}), or close it with --fresh`,
          },
    );
  }
  return findings;
}

/** Forgets a run that holds nothing. May be repeated. */
export async function forgetRun(broker: Broker, keys: CeleryKeys, run: string): Promise<void> {
  await broker.ask('forget this run', (client) =>
    runScript(client, celeryForget, [keys.claims, ...keys.held(run)], [run]),
  );
}
