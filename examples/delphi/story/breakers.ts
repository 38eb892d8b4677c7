import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '../../../test/support/wait.ts';
import type { Stage } from '../../kit/scenario.ts';
import { heading } from '../../kit/terminal.ts';
import { breakerState } from './state.ts';
import type { Team } from './team.ts';

const BREAKERS = ['wazuh-api', 'llm-api', 'email-api'];
/** What is to be back within 30 s gets somewhat longer, so that the figure tells how long it took. */
const GIVE_UP_MS = 60_000;

/** One of three APIs goes down and comes back; while its breaker finds out, the webhook gets its load. */
export async function breakers(stage: Stage, team: Team): Promise<void> {
  await goesDown(stage, team);
  heading('Wazuh is back, and the webhook gets its load');
  await team.services.systemctl('start', 'wazuh-manager');
  const [recovery] = await Promise.all([untilClosed(team), load(stage, team)]);
  stage.figures.held('breaker closed by itself', `${recovery.toFixed(1)} s after`, {
    wanted: 'below 30 s',
    holds: recovery < 30,
  });
}

async function goesDown({ figures }: Stage, team: Team): Promise<void> {
  const { services, terminal, slack } = team;
  heading('Wazuh goes down');
  await services.systemctl('stop', 'wazuh-manager');
  const opened = async () => (await breakerState(team, 'wazuh-api')) === 'open';
  await waitFor(opened, { what: 'an open breaker', timeoutMs: 30_000 });
  await terminal.runBriefly(['breaker', 'list'], /./);
  await terminal.runBriefly(['breaker', 'check'], /^(CRITICAL|OK)/, 2);
  await terminal.runBriefly(['alerts', 'run', '--once'], /./);
  const states = await Promise.all(BREAKERS.map((name) => breakerState(team, name)));
  const open = BREAKERS.filter((_, at) => states[at] === 'open').join(', ');
  figures.held('breakers open', open, { wanted: 'wazuh-api', holds: open === 'wazuh-api' });
  figures.held('told on Slack', slack.texts.length, { wanted: '1', holds: slack.texts.length === 1 });
  await waitFor(() => services.cached().length >= 8, { what: 'alerts finished without Wazuh' });
  const without = services.cached().length;
  figures.held('alerts finished without Wazuh', without, { wanted: 'above 0', holds: without > 0 });
}

/** Seconds until the breaker has closed. */
async function untilClosed(team: Team): Promise<number> {
  const from = performance.now();
  const closed = async () => (await breakerState(team, 'wazuh-api')) === 'closed';
  await waitFor(closed, { what: 'a closed breaker', timeoutMs: GIVE_UP_MS });
  return (performance.now() - from) / 1000;
}

async function load({ figures, folder }: Stage, { services, terminal, webhook }: Team): Promise<void> {
  const args = ['load', 'run', 'load.yaml', '--url', webhook, '--save', 'load.json'];
  const lines = /^(wanted|sent|confirmed|LATENCY|enqueue +planned|ok|passed|invalid)\b/;
  const { code, stderr } = await terminal.runBriefly(args, lines, [0, 1]);
  // Where this machine has too much else to do, qctl does not believe its own result.
  if (code === 1 && !stderr.includes('the result is invalid'))
    throw new Error(`the load test failed\n${stderr}`);
  const { runs } = JSON.parse(readFileSync(join(folder, 'load.json'), 'utf8'));
  const { confirmed } = runs[0].counts;
  const accepted = services.accepted().filter((id) => id.startsWith('load-')).length;
  figures.held('load test: confirmed, accepted', `${confirmed}, ${accepted}`, {
    wanted: 'the same',
    holds: confirmed === accepted && accepted > 0,
  });
}
