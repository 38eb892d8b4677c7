import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { heading, print } from '../../kit/terminal.ts';
import { approve, beginRun, endOf, type Running, untilStep } from '../runs.ts';
import type { Team } from '../team.ts';

const FORGOTTEN = ['forgotten-1', 'forgotten-2', 'forgotten-3'];
const LATE = 'forgotten-4';

/** The rest archived, and the queue deleted: not while it holds anything. */
export async function cleanUp(team: Team, drain: string): Promise<void> {
  heading('A week later: the rest, and the end of the queue');
  const { stage } = team;
  print('A job that everybody has forgotten still sends to the old queue.\n');
  await team.sendToOldQueue(FORGOTTEN);
  await team.terminal.runBriefly(['alerts', 'run', '--dry-run'], /RULE|Old|High|Redis/);
  const first = await beginCleanup(team, drain);
  await untilStep(first, 'approve-deletion');
  print('\nand once more, while the plan waits for the approval\n');
  await team.sendToOldQueue([LATE]);
  await approve(team, first, 'approve-deletion');
  await endOf(first, 12);
  const stands = await isThere(team);
  stage.figures.held('deletion with a message in the queue', stands ? 'refused' : 'DONE', {
    wanted: 'refused, queue and message there',
    holds: stands && (await team.sqs.depth(team.queueUrl)).total === 1,
  });
  print('\nOnce the job is mended:\n');
  const second = await beginCleanup(team, drain);
  await approve(team, second, 'approve-deletion');
  await endOf(second, 0);
  const gone = !(await isThere(team));
  stage.figures.held('queue deleted, after proof', gone ? 'yes' : 'no', { wanted: 'yes', holds: gone });
  await lookIntoTheArchive(team);
}

function beginCleanup(team: Team, drain: string): Promise<Running> {
  return beginRun(team, ['cleanup.yaml', '--set', `backlog=${drain}`, '--set', 'quiet=300ms']);
}

async function isThere({ sqs, queueUrl }: Team): Promise<boolean> {
  return sqs.depth(queueUrl).then(
    () => true,
    () => false,
  );
}

async function lookIntoTheArchive({ stage }: Team): Promise<void> {
  const folder = join(stage.folder, 'archive');
  const files = (await readdir(folder)).toSorted();
  const texts = await Promise.all(files.map(async (name) => gunzipSync(await readFile(join(folder, name)))));
  const lines = texts.flatMap((text) =>
    `${text}`
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  );
  const deliveries = lines.flatMap(({ message }) => (message ? JSON.parse(message.body).delivery : []));
  print(`\nin archive/: ${deliveries.toSorted().join(', ')}, in ${files.length} files`);
  stage.figures.held('in the archive', `${deliveries.length} webhooks`, {
    wanted: 'what was left, and nothing else',
    holds: deliveries.toSorted().join() === [...FORGOTTEN, LATE].join(),
  });
}
