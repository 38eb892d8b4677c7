import type { Scenario } from '../kit/scenario.ts';
import { forwardAgain, goBack } from './acts/back.ts';
import { lookFirst } from './acts/before.ts';
import { cleanUp } from './acts/cleanup.ts';
import { countAll } from './acts/end.ts';
import { cutOver } from './acts/night.ts';
import { claimStuck } from './acts/stuck.ts';
import { openTeam } from './team.ts';

export default {
  title: 'DevOps MCP: webhooks of GitHub, from SQS to Redis Streams behind Sentinel and TLS',
  async play(stage) {
    const team = await openTeam(stage);
    await lookFirst(team);
    const { run, drain } = await cutOver(team);
    await claimStuck(team);
    await goBack(team, run);
    await forwardAgain(team);
    await cleanUp(team, drain);
    await countAll(team);
  },
} satisfies Scenario;
