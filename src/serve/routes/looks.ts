import type { FastifyInstance } from 'fastify';
import type { Overview, Seen, Snapshot, SnapshotPart } from '../../overview/index.ts';
import { type Answers, sendAnswer } from '../answers.ts';
import { errors, LOOKS, lookOf, okOf, SERIES, WHOLE } from '../schema/index.ts';

/** What is answered from the newest look: path, fields of the snapshot, and the part that may be missing. */
const FROM_LOOK: readonly [
  path: string,
  part: SnapshotPart,
  fields: readonly (keyof Snapshot & keyof typeof LOOKS)[],
  summary: string,
][] = [
  ['/api/streams', 'streams', ['streams', 'streamsLeftOut'], 'All streams and their consumer groups'],
  ['/api/metrics', 'redis', ['redis'], 'Redis itself: memory, clients, operations, hit ratio, uptime'],
  ['/api/breakers', 'breakers', ['breakers'], 'Circuit breakers'],
  ['/api/runs', 'runs', ['runs'], 'Drains, the newest first'],
  ['/api/cutovers', 'cutovers', ['cutovers'], 'Cutovers, the newest first'],
  ['/api/routes', 'routes', ['routes'], 'Share of the traffic on the new side'],
  ['/api/moves', 'moves', ['moves'], 'Depth of each old queue against that of the new stream'],
  ['/api/stages', 'stages', ['stages'], 'What consumers have recorded of their work'],
];

const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8';

/** What is had from the newest look and from memory, without asking Redis for anything. */
export async function lookRoutes(
  app: FastifyInstance,
  parts: { answers: Answers; overview: Overview; metrics: (seen: Seen) => string | Promise<string> },
): Promise<void> {
  const { answers, overview, metrics } = parts;
  for (const [path, part, fields, summary] of FROM_LOOK) {
    const fromLook = Object.fromEntries(fields.map((name) => [name, LOOKS[name]]));
    const response = { 200: okOf(lookOf(fromLook)), ...errors(401, 503) };
    app.get(path, { schema: { tags: ['state'], summary, response } }, async (request, reply) =>
      sendAnswer(request, reply, await answers.fields(fields, part)),
    );
  }
  app.get(
    '/api/snapshot',
    {
      schema: {
        tags: ['state'],
        summary: 'Everything of the newest look',
        response: { 200: okOf(WHOLE), ...errors(401, 503) },
      },
    },
    async (request, reply) => sendAnswer(request, reply, await answers.whole()),
  );
  const series = { 200: okOf(SERIES), ...errors(401) };
  app.get(
    '/api/history',
    { schema: { tags: ['history'], summary: 'Redis over time', response: series } },
    async () => overview.redisHistory(),
  );
  app.get(
    '/metrics',
    { schema: { tags: ['metrics'], summary: 'For Prometheus', produces: ['text/plain'] } },
    async (request, reply) => sendAnswer(request, reply, await answers.text('metrics', PROMETHEUS, metrics)),
  );
}
