import type { FastifyInstance } from 'fastify';
import { parseStreamId } from '../../model/stream-id.ts';
import type { Overview } from '../../overview/index.ts';
import { type Answers, sendAnswer } from '../answers.ts';
import { HttpError } from '../errors.ts';
import { errors, LETTER, LETTERS, okOf, PENDING, SERIES, STREAM } from '../schema/index.ts';

type OfStream = { Params: { stream: string } };
type OfGroup = { Params: { stream: string; group: string } };
type Letters = { Querystring: { stream?: string; count: number } };
type OfLetter = { Params: { stream: string; id: string } };

const SHOWN_LETTERS = 50;
const MOST_LETTERS = 500;

/** What is looked at when somebody asks, and no more than once an interval for the same thing. */
export async function detailRoutes(
  app: FastifyInstance,
  { overview, answers }: { overview: Overview; answers: Answers },
): Promise<void> {
  const response = (schema: object) => ({ 200: okOf(schema), ...errors(401, 404, 503) });
  const describe = (summary: string, schema: object) => ({
    schema: { tags: ['details'], summary, response: response(schema) },
  });
  app.get<OfStream>(
    '/api/stream/:stream',
    describe('A stream, or its partitions, with groups and consumers', STREAM),
    ({ params }) => overview.stream(params.stream),
  );
  app.get<OfGroup>(
    '/api/pending/:stream/:group',
    describe('The pending entries list of a consumer group', PENDING),
    ({ params }) => overview.pending(params.stream, params.group),
  );
  app.get<OfStream>('/api/history/:stream', describe('A stream over time', SERIES), async ({ params }) => {
    const history = overview.streamHistory(params.stream);
    if (history) return history;
    throw new HttpError(404, 'NO_HISTORY', 'nothing is remembered of a stream of that name');
  });
  const letters = describe('Dead-letter streams; with `stream` the newest dead letters of one', LETTERS);
  app.get<Letters>(
    '/api/dlq',
    { schema: { ...letters.schema, querystring: WHICH_LETTERS } },
    async (request, reply) => {
      const { stream, count } = request.query;
      if (stream === undefined)
        return sendAnswer(request, reply, await answers.fields(['deadLetters'], 'deadLetters'));
      return { stream, letters: await overview.deadLetters(stream, count) };
    },
  );
  app.get<OfLetter>(
    '/api/dlq/:stream/:id',
    describe('One dead letter with its whole body', LETTER),
    ({ params }) => letterOf(overview, params),
  );
}

async function letterOf(overview: Overview, { stream, id }: OfLetter['Params']) {
  const letter = parseStreamId(id) && (await overview.deadLetter(stream, id));
  if (letter) return letter;
  throw new HttpError(404, 'NO_SUCH_LETTER', 'there is no dead letter of that id');
}

const WHICH_LETTERS = {
  type: 'object',
  properties: {
    stream: {
      type: 'string',
      minLength: 1,
      description: 'a dead-letter stream, or the stream whose they are',
    },
    count: { type: 'integer', minimum: 1, maximum: MOST_LETTERS, default: SHOWN_LETTERS },
  },
};
