// npm run example TEAM: a team's migration from its start to its end, on real servers that it starts itself.
import { play } from './kit/play.ts';
import { playScenario, type Scenario } from './kit/scenario.ts';

/** The folders of the teams, each with a `scenario.ts`. */
const SCENARIOS: Record<string, () => Promise<{ default: Scenario }>> = {
  delphi: () => import('./delphi/scenario.ts'),
  tapio: () => import('./tapio/scenario.ts'),
  opsconductor: () => import('./opsconductor/scenario.ts'),
  'devops-mcp': () => import('./devops-mcp/scenario.ts'),
  'synapse-dte': () => import('./synapse-dte/scenario.ts'),
};

const [team = ''] = process.argv.slice(2);
const load = Object.hasOwn(SCENARIOS, team) ? SCENARIOS[team] : undefined;
if (load) {
  await play(team, async (onEnd) => playScenario(team, (await load()).default, onEnd));
} else {
  const names = Object.keys(SCENARIOS).join(', ');
  process.stderr.write(`example: ${team ? `there is no ${team}` : 'name one'}: ${names}\n`);
  process.exitCode = 2;
}
