import type { RedisFacts } from '../../src/backends/redis/index.ts';
import { shortList } from '../../src/model/short-list.ts';
import { colourOf } from '../term/colour.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { printable, wrapLines } from '../term/text.ts';
import type { Look, Tried } from './try-lead.ts';

/** What was seen, in a line: `Redis 7.0.15, noeviction, append-only file on`. */
export function saysLook(look: Look): string {
  if (look.kind === 'redis') return saysRedis(look.facts);
  if (look.kind === 'sqs') {
    const { queues, more } = look;
    const names = queues.map(({ name, visible }) => (visible === null ? name : `${name} (${visible})`));
    if (names.length === 0) return 'SQS, no queues';
    return `SQS, ${names.length}${more ? ' or more' : ''} ${names.length === 1 ? 'queue' : 'queues'}: ${shortList(names)}`;
  }
  const { version, libraries, tables } = look;
  const names = [
    ...libraries.map(({ title }) => title),
    ...tables.map(({ table, rows }) => `${table}${rows === null ? '' : ` (about ${grouped(rows)} rows)`}`),
  ];
  return `PostgreSQL ${version}, ${names.length === 0 ? 'nothing that looks like a queue' : shortList(names)}`;
}

function saysRedis({ version, flavour, maxmemoryPolicy, aofEnabled, rdbSave, role }: RedisFacts): string {
  const parts = [
    `${flavour === 'valkey' ? 'Valkey' : 'Redis'} ${version ?? 'of an unknown version'}`,
    ...(role === 'replica' ? ['a replica'] : []),
    ...(maxmemoryPolicy === null ? [] : [maxmemoryPolicy]),
    ...(aofEnabled === null
      ? []
      : [
          aofEnabled
            ? 'append-only file'
            : rdbSave
              ? 'snapshots only'
              : rdbSave === ''
                ? 'no persistence'
                : 'no append-only file',
        ]),
  ];
  return parts.join(', ');
}

/** What should be known before anything is moved there. */
export function warningsOf(look: Look): string[] {
  if (look.kind !== 'redis') return [];
  const { maxmemoryPolicy, version, role } = look.facts;
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  return [
    ...(maxmemoryPolicy?.startsWith('allkeys')
      ? [`${maxmemoryPolicy} deletes streams when Redis is full: set maxmemory-policy noeviction`]
      : []),
    ...(version !== null && (major < 6 || (major === 6 && minor < 2))
      ? ['qctl needs Redis 6.2 or newer']
      : []),
    ...(role === 'replica' ? ['a replica takes no writes: name its primary'] : []),
  ];
}

/** Everything that was found, and what came of it; wrapped to the terminal. */
export function formatTried(output: Output, tried: readonly Tried[], notes: readonly string[]): string {
  const colour = colourOf(output);
  const lines = tried.flatMap(({ lead, look, failure }) => {
    if (!look) return [`${colour.red('✗')} ${printable(lead.from)}`, `    ${printable(failure!.message)}`];
    const warnings = warningsOf(look).map((text) => `    ${colour.yellow('!')} ${text}`);
    return [
      `${colour.green('✓')} ${printable(lead.from)}  ${printable(look.at)}`,
      `    ${printable(saysLook(look))}`,
      ...warnings,
    ];
  });
  const all = [...lines, ...notes.map((note) => `${colour.dim('-')} ${printable(note)}`)];
  if (all.length === 0) return 'found nothing that names a server\n';
  return `${wrapLines(all.join('\n'), output.columns)}\n`;
}
