import type { Scenario } from '../kit/scenario.ts';
import { evening } from './story/evening.ts';
import { firstAttempt } from './story/first-attempt.ts';
import { fromTheBeginning, longJob } from './story/long-jobs.ts';
import { nightBatch, nightBatchGoesOn } from './story/night-batch.ts';
import { profiling, profilingBack, sampleSelection, scopingAgain, scopingFails } from './story/phases.ts';
import { prove } from './story/proof.ts';
import { startTeam } from './story/team.ts';

export default {
  title: 'SynapseDTE: long jobs leave a thread pool for workers on Redis, one type at a time, by risk',
  async play(stage) {
    const team = await startTeam(stage);
    await evening(team, stage);
    await sampleSelection(team);
    await scopingFails(team, stage);
    await scopingAgain(team);
    const phase3 = await profiling(team);
    await longJob(team, stage);
    await fromTheBeginning(team, stage);
    await nightBatch(team);
    // Meanwhile the lease of the process that was killed runs out.
    await firstAttempt(team, stage);
    await nightBatchGoesOn(team, stage);
    await profilingBack(team, stage, phase3);
    await prove(team, stage);
  },
} satisfies Scenario;
