import { waitFor } from '../../../test/support/wait.ts';
import type { Stage } from '../../kit/scenario.ts';
import { heading, print } from '../../kit/terminal.ts';
import { publish } from '../services/events.mjs';
import { streamOf } from './names.ts';
import type { Team } from './team.ts';

/** Published in this order: the most urgent last. */
const BACKLOG = { LOW: 200, NORMAL: 120, HIGH: 60, CRITICAL: 20 };
const STREAM = streamOf('identity');

/** A backlog of all priorities is worked off, the most urgent first. */
export async function urgentFirst({ figures }: Stage, { redis, books, compose }: Team): Promise<void> {
  heading('Priorities: a backlog, the most urgent events last');
  await compose('stop', 'processors');
  for (const [priority, count] of Object.entries(BACKLOG))
    await Promise.all(
      Array.from({ length: count }, () =>
        publish(redis, { stream: STREAM, service: 'identity', type: 'user_login', priority }),
      ),
    );
  print(
    'A stream has one order, that of arrival, and qctl changes it for nobody. The processors read ahead, and begin with',
  );
  print('the most urgent of what they hold.');
  await compose('start', 'processors');
  const total = Object.values(BACKLOG).reduce((sum, count) => sum + count);
  const worked = await waitFor(
    async () => {
      const own = (await books.worked()).filter(({ stream }) => stream === STREAM);
      return own.length === total ? own : undefined;
    },
    { timeoutMs: 30_000, what: 'the backlog worked off' },
  );
  const places = (wanted: string) =>
    worked.flatMap(({ priority }, at) => (priority === wanted ? [at + 1] : []));
  const span = (wanted: string) => `${places(wanted)[0]} to ${places(wanted).at(-1)}`;
  figures.told(
    'place of CRITICAL, HIGH, NORMAL, LOW in the work',
    Object.keys(BACKLOG).reverse().map(span).join(', '),
  );
  // Four workers end in another order than they began.
  const inOrder =
    Math.max(...places('CRITICAL')) <= BACKLOG.CRITICAL + 4 &&
    Math.min(...places('LOW')) > total - BACKLOG.LOW - 4;
  figures.held(
    'CRITICAL events, published last, worked on before any LOW one',
    countBefore(places('CRITICAL'), places('LOW')),
    {
      wanted: `${BACKLOG.CRITICAL}`,
      holds: inOrder && countBefore(places('CRITICAL'), places('LOW')) === BACKLOG.CRITICAL,
    },
  );
}

function countBefore(some: number[], others: number[]): number {
  return some.filter((place) => place < Math.min(...others)).length;
}
