import { FORMAT_NAMES } from '../../src/sources/postgres/spec.ts';
import { verbsOf } from '../registry.ts';
import { wrap } from '../term/text.ts';
import type { TopicPage } from '../topics.ts';

const WIDTH = 78;

/** What drains, by the registry: each takes its messages from somewhere else. */
const drains = verbsOf('drain').filter(({ impact }) => impact === 'destructive');

const data = {
  name: 'sources',
  commands: drains.map(({ name, summary }) => ({ name, summary })),
  postgresFormats: [...FORMAT_NAMES],
};

function sourcesText(): string {
  const indent = 'qctl '.length + Math.max(...drains.map(({ name }) => name.length)) + 2;
  const lines = drains.map(({ name, summary }) => {
    const wrapped = wrap(summary, WIDTH - indent).replaceAll('\n', `\n${' '.repeat(indent)}`);
    return `qctl ${name}`.padEnd(indent) + wrapped;
  });
  const formats = wrap(`PostgreSQL tables are of these formats: ${FORMAT_NAMES.join(', ')}.`, WIDTH);
  return `${lines.join('\n')}\n\n${formats}\n\n${NOTES}`;
}

const NOTES = `Without --format the job library that made the tables is found by itself. Of
a generic one the flags say which column is what: --table, --id, --payload,
--ready, --key. A source that qctl.yaml names under sources: is meant by its
name: qctl drain postgres alerts.

qctl analyse        looks at a source, says what speaks against a drain and how
                    long it would take; it changes nothing
--dry-run           shows the plan of a drain and ends
--mode copy         leaves a table as it is; the default is to move
--follow            goes on for as long as old producers are at work
--types, --filter   take only a part; the rest stays where it is
--archive FILE      keeps every message in a file before it is settled
`;

/** `qctl help sources`. */
export const page: TopicPage = { type: 'topic', data, text: sourcesText };
