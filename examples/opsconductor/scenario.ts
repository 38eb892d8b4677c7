import type { Scenario } from '../kit/scenario.ts';
import { print } from '../kit/terminal.ts';
import { told, toldOfTheEnd } from './story/alerts.ts';
import { ownStream } from './story/cutover.ts';
import { askDashboard, openDashboard, seeDeath } from './story/dashboard.ts';
import { die, fail, replay } from './story/letters.ts';
import { load } from './story/load.ts';
import { urgentFirst } from './story/priorities.ts';
import { nothingLost } from './story/proof.ts';
import { mendSettings } from './story/settings.ts';
import { listStreams } from './story/streams.ts';
import { startTeam } from './story/team.ts';
import { reset, trim } from './story/upkeep.ts';

export default {
  title:
    'OpsConductor: nine streams of an automation platform, their priorities, dead letters, upkeep and load',
  async play(stage) {
    print('Starting Redis and the services of the platform …\n');
    const team = await startTeam(stage);
    await mendSettings(stage, team);
    await ownStream(stage, team);
    await urgentFirst(stage, team);
    await trim(stage, team);
    await reset(stage, team);
    const dashboard = await openDashboard(stage, team);
    await fail(stage, team);
    await askDashboard(stage, team);
    await die(stage, team);
    await seeDeath(stage, team, dashboard);
    await told(stage, team);
    await listStreams(stage, team);
    const givenUp = await replay(stage, team);
    await toldOfTheEnd(stage, team);
    await dashboard.close();
    await nothingLost(stage, team, givenUp);
    await load(stage, team);
  },
} satisfies Scenario;
