import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tieToThisProcess } from '../../test/support/orphans.ts';
import { Figures } from './figures.ts';
import type { OnEnd } from './play.ts';
import { heading, print } from './terminal.ts';

/** A team's migration from its start to its end; the default export of `examples/TEAM/scenario.ts`. */
export interface Scenario {
  /** One line: who moves what to where. */
  title: string;
  /**
   * Starts the servers and stand-ins, carries the migration out and notes what it has measured. What it throws ends it;
   * a figure that does not hold fails it at the end.
   */
  play(stage: Stage): Promise<void>;
}

/** What a scenario is given. */
export interface Stage {
  /** A copy of the team's folder, to work in; removed at the end. */
  folder: string;
  figures: Figures;
  /** Stops something at the end, however that comes; last started, first stopped. */
  onEnd: OnEnd;
}

/** Plays a scenario; true where every figure held. */
export async function playScenario(team: string, scenario: Scenario, onEnd: OnEnd): Promise<boolean> {
  print(scenario.title);
  const folder = await mkdtemp(join(tmpdir(), `qctl-${team}-`));
  tieToThisProcess(folder);
  onEnd(() => rm(folder, { recursive: true, force: true }));
  await cp(fileURLToPath(new URL(`../${team}`, import.meta.url)), folder, { recursive: true });
  const figures = new Figures();
  await scenario.play({ folder, figures, onEnd });
  heading('What was measured');
  const held = figures.print();
  print(held ? '\nEverything held.' : '\nNot everything held.');
  return held;
}
