import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isCsrfToken } from '../access/principal.ts';
import { type Act, audited } from '../actions/audit.ts';
import { type BreakerRequest, operate, toOperation } from '../actions/breakers.ts';
import {
  type CutoverRequest,
  checkCutover,
  controlCutover,
  controlRun,
  type RunRequest,
} from '../actions/runs.ts';
import { HttpError } from '../errors.ts';
import type { ActionParts, ServerEvents } from '../options.ts';
import { ACTED, BREAKER_ACTION, CUTOVER_ACTION, errors, okOf, RUN_ACTION } from '../schema/index.ts';

/** Header that carries the token of `hello` and of `/api/session`. */
const CSRF_HEADER = 'x-csrf-token';

type Body = { verb?: string; reason: string };
type Acting = FastifyRequest<{ Params: { object: string; verb?: string }; Body: Body }>;
type Work = (act: Act) => Promise<void>;

/** One kind of thing that is acted on. */
interface Kind {
  /** As in the path. */
  path: 'breakers' | 'runs' | 'cutovers';
  /** As in the audit: the noun of the command. */
  noun: string;
  summary: string;
  body: Readonly<Record<string, unknown>>;
  /** Reads the request, which throws where it cannot be meant, and gives what is to be done. */
  prepare(body: Body & { verb: never }, parts: ActionParts): Work;
}

const KINDS: readonly Kind[] = [
  {
    path: 'breakers',
    noun: 'breaker',
    summary: 'Trip, reset, hold or release a circuit breaker',
    body: BREAKER_ACTION,
    prepare(body: BreakerRequest, { redis, breakers }) {
      const operation = toOperation(body);
      return async (act) => operate(await redis(), operation, act, breakers[act.object]);
    },
  },
  {
    path: 'runs',
    noun: 'drain',
    summary: 'Pause, resume or stop a drain',
    body: RUN_ACTION,
    prepare:
      (body: RunRequest, { redis }) =>
      async (act) =>
        controlRun(await redis(), body, act),
  },
  {
    path: 'cutovers',
    noun: 'cutover',
    summary: 'Approve a step of a cutover, pause, resume or abort it',
    body: CUTOVER_ACTION,
    prepare(body: CutoverRequest, { cutovers }) {
      checkCutover(body);
      return async (act) => controlCutover(await cutovers(), body, act);
    },
  },
];

/** What changes something. Without {@link ActionParts} each says that actions are off. */
export async function actionRoutes(
  app: FastifyInstance,
  { actions, events = {} }: { actions: ActionParts | undefined; events?: ServerEvents },
): Promise<void> {
  for (const kind of KINDS)
    for (const url of [`/api/actions/${kind.path}/:object`, `/api/actions/${kind.path}/:object/:verb`])
      app.route<{ Params: { object: string; verb?: string }; Body: Body }>({
        method: 'POST',
        url,
        schema: {
          ...(url.endsWith(':verb') && { hide: true }),
          tags: ['actions'],
          summary: kind.summary,
          headers: { type: 'object', properties: { [CSRF_HEADER]: { type: 'string' } } },
          body: kind.body,
          response: { 200: okOf(ACTED), ...errors(400, 401, 403, 404, 409, 503) },
        },
        // Before the body is looked at: what is not allowed is not told what is wrong with it.
        preValidation: async (request) => checkAllowed(request, actions),
        handler: (request) => act(request, kind, actions!, events),
      });
}

function checkAllowed(request: FastifyRequest, actions: ActionParts | undefined): void {
  if (!actions)
    throw new HttpError(403, 'ACTIONS_OFF', 'this server only shows, and changes nothing', {
      hint: ['to act from here it has to be started with --allow-actions'],
    });
  const given = request.headers[CSRF_HEADER];
  if (typeof given === 'string' && isCsrfToken(request.principal!, given)) return;
  throw new HttpError(403, 'CSRF_TOKEN', `the header ${CSRF_HEADER} does not carry the token of actions`, {
    hint: ['GET /api/session gives it, and so does the first message of the WebSocket'],
  });
}

async function act(request: Acting, kind: Kind, actions: ActionParts, events: ServerEvents): Promise<object> {
  const body = { ...request.body, verb: request.params.verb ?? request.body.verb };
  const verb = requireVerb(body.verb, kind);
  const work = kind.prepare(body as Body & { verb: never }, actions);
  const wanted = actOf(request, `${kind.noun} ${verb}`);
  const { id } = await audited(
    await actions.redis(),
    wanted,
    () => work(wanted),
    (acted) => events.acted?.(acted),
  );
  return { audit: id, verb, object: wanted.object };
}

function requireVerb(verb: string | undefined, { body }: Kind): string {
  const known = (body.properties as { verb: { enum: string[] } }).verb.enum;
  if (verb !== undefined && known.includes(verb)) return verb;
  throw new HttpError(400, 'VERB_INVALID', `verb has to be one of ${known.join(', ')}`);
}

function actOf({ principal, ip, headers, params, body }: Acting, what: string): Act {
  const { reason, verb: _verb, ...details } = body;
  const said = headers['x-forwarded-for'];
  return {
    who: principal!.who ?? 'anonymous',
    address: ip,
    forwardedFor: said === undefined ? null : String(said).slice(0, MOST_FORWARDED),
    what,
    object: params.object,
    reason: reason.trim(),
    details: Object.entries(details)
      .map(([name, value]) => `${name}=${String(value)}`)
      .join(' '),
  };
}

const MOST_FORWARDED = 200;
