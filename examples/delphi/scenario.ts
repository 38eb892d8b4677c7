import type { Scenario } from '../kit/scenario.ts';
import { print } from '../kit/terminal.ts';
import { breakers } from './story/breakers.ts';
import { Flow } from './story/flow.ts';
import { hybrid } from './story/hybrid.ts';
import { monitoring } from './story/monitoring.ts';
import { cutover, nothingLost, rollback } from './story/night.ts';
import { comparePaces, newPace, oldPace } from './story/paces.ts';
import { startTeam } from './story/team.ts';

export default {
  title: 'Delphi: alerts of an intrusion detection move from a table that workers poll to a stream',
  async play(stage) {
    print('Starting Redis, PostgreSQL, three APIs and the services of the team …\n');
    const team = await startTeam(stage);
    const flow = new Flow(team);
    stage.onEnd(async () => flow.abandon());
    const old = await oldPace(team, flow);
    await hybrid(stage, team, () => breakers(stage, team));
    await cutover(stage, team, flow);
    comparePaces(stage, old, await newPace(team, flow, old));
    await monitoring(stage, team);
    await rollback(stage, team, flow);
    await nothingLost(stage, team, flow);
  },
} satisfies Scenario;
