import { freePort } from '../../../test/support/server-process.ts';
import { waitFor } from '../../../test/support/wait.ts';
import type { Stage } from '../../kit/scenario.ts';
import { heading, print } from '../../kit/terminal.ts';
import type { Team } from './team.ts';

/** What the team wants on its dashboard, as series of /metrics. */
const DASHBOARD = [
  /^qctl_stream_lag\{.*/m,
  /^qctl_source_ready\{.*/m,
  /^qctl_stream_finished_per_second\{.*/m,
  /^qctl_stage_duration_seconds_count\{.*stage="structure".*/m,
  /^qctl_breaker_state\{breaker="wazuh-api".*state="closed"\} 1/m,
  /^qctl_stage_retried_total\{.*/m,
];

/** Rules, checks and metrics on a night when all is well. */
export async function monitoring({ figures }: Stage, team: Team): Promise<void> {
  heading('Monitoring');
  const { terminal, slack } = team;
  const metrics = dashboard(team);
  await terminal.runBriefly(['alerts', 'run', '--once'], /./);
  await terminal.runBriefly(['breaker', 'history', 'wazuh-api'], / -> /);
  print('\nOn Slack:');
  for (const text of slack.texts) print(`  ${JSON.parse(text).text}`);
  const messages = slack.texts.length;
  figures.held('Slack: opened, and resolved', messages, { wanted: '2', holds: messages === 2 });
  const shown = await metrics;
  print(`\n/metrics:\n${shown.map((line) => `  ${line}`).join('\n')}`);
  const found = `${shown.length} of ${DASHBOARD.length}`;
  figures.held('series of the dashboard', found, { wanted: 'all', holds: shown.length === DASHBOARD.length });
}

async function dashboard({ terminal }: Team): Promise<string[]> {
  const port = await freePort();
  const { child, ended } = terminal.background(['serve', '--listen', `127.0.0.1:${port}`]);
  let found: string[] = [];
  const all = async () => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    found = DASHBOARD.flatMap((series) => series.exec(text)?.[0] ?? []);
    return found.length === DASHBOARD.length;
  };
  await waitFor(all, { what: '/metrics', timeoutMs: 60_000, everyMs: 100 }).catch(() => undefined);
  child.kill('SIGTERM');
  await ended;
  return found;
}
