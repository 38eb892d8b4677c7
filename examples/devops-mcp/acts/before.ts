import { answersPing } from '../../../test/support/redis.ts';
import { heading, print } from '../../kit/terminal.ts';
import type { Team } from '../team.ts';

/** What speaks against the migration, and whether the new side carries the load. */
export async function lookFirst(team: Team): Promise<void> {
  heading('Before: what speaks against it');
  print('maxmemory-policy is allkeys-lru, as the team had it in its guide:\n');
  await setPolicy(team, 'allkeys-lru');
  const refused = await team.terminal.runBriefly(
    ['analyse'],
    /^(server|connection|persistence|replicas|blocker)|evict|noeviction/,
    3,
  );
  print('\nThe team sets noeviction, in redis.conf as well.\n');
  await setPolicy(team, 'noeviction');
  team.stage.figures.held('allkeys-lru', refused.stdout.includes('EVICTION') ? 'refused' : 'not seen', {
    wanted: 'refused by the preflight',
    holds: refused.stdout.includes('EVICTION'),
  });
  await tryWithoutTls(team);
  await tryTheLoad(team);
}

async function tryWithoutTls({ sentinel: { primary, replica, sentinels }, stage }: Team): Promise<void> {
  const ports = [primary, replica, ...sentinels].map(({ port }) => port);
  const answers = await Promise.all(ports.map((port) => answersPing(port)));
  const open = answers.filter(Boolean).length;
  stage.figures.held('servers and Sentinels that answer without TLS', `${open} of ${ports.length}`, {
    wanted: 'none',
    holds: open === 0,
  });
}

async function setPolicy({ redis }: Team, policy: string): Promise<void> {
  await redis.config('SET', 'maxmemory', '1gb');
  await redis.config('SET', 'maxmemory-policy', policy);
}

/** Whether this host could keep the schedule (code 1) says nothing of Redis. */
async function tryTheLoad({ terminal, stage }: Team): Promise<void> {
  const shown = /^(processed .*\/s|correctness|ok|FAILED)/;
  const { stdout } = await terminal.runBriefly(['load', 'run', 'load.yaml'], shown, [0, 1]);
  const [, lost, doubled] = /^correctness\s+(\d+) lost, (\d+) doubled/m.exec(stdout) ?? [];
  stage.figures.held('load test by Sentinel and TLS', `${lost} lost, ${doubled} doubled`, {
    wanted: 'none',
    holds: lost === '0' && doubled === '0',
  });
}
