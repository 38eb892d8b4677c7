import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Overview, redisAway } from '../../overview/index.ts';
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
import {
  ACTED,
  BREAKER_ACTION,
  CUTOVER_ACTION,
  errors,
  okOf,
  oneOf,
  RUN_ACTION,
  text,
} from '../schema/index.ts';

/** Header that carries the token of `hello` and of `/api/session`. */
const CSRF_HEADER = 'x-csrf-token';

type Body = { reason: string };
type Params = { object: string; verb: string };
type Acting = FastifyRequest<{ Params: Params; Body: Body }>;
type Work = (act: Act) => Promise<void>;

/** One kind of thing that is acted on. */
interface Kind {
  /** As in the path. */
  path: 'breakers' | 'runs' | 'cutovers';
  /** As in the audit: the noun of the command. */
  noun: string;
  verbs: readonly string[];
  summary: string;
  body: Readonly<Record<string, unknown>>;
  /** Reads the request, which throws where it cannot be meant, and gives what is to be done. */
  prepare(body: Body & { verb: never }, parts: ActionParts): Work;
}

const KINDS: readonly Kind[] = [
  {
    path: 'breakers',
    noun: 'breaker',
    verbs: ['trip', 'reset', 'hold', 'release'],
    summary: 'Trip, reset, hold or release a circuit breaker',
    body: BREAKER_ACTION,
    prepare(body: BreakerRequest, { redis, breakers }) {
      const operation = toOperation(body);
      return async (act) => {
        // A name such as `constructor` is no setting that somebody made.
        const configured = Object.hasOwn(breakers, act.object) ? breakers[act.object] : undefined;
        await operate(await redis(), operation, act, configured);
      };
    },
  },
  {
    path: 'runs',
    noun: 'drain',
    verbs: ['pause', 'resume', 'stop'],
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
    verbs: ['approve', 'pause', 'resume', 'abort'],
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
  parts: { actions: ActionParts | undefined; overview: Pick<Overview, 'seen'>; events?: ServerEvents },
): Promise<void> {
  const { actions, overview, events = {} } = parts;
  for (const kind of KINDS)
    app.post<{ Params: Params; Body: Body }>(
      `/api/actions/${kind.path}/:object/:verb`,
      {
        schema: {
          ...{ tags: ['actions'], summary: kind.summary, body: kind.body },
          params: { type: 'object', properties: { object: text, verb: oneOf(...kind.verbs) } },
          headers: { type: 'object', properties: { [CSRF_HEADER]: text } },
          response: { 200: okOf(ACTED), ...errors(400, 401, 403, 404, 409, 503) },
        },
        // Before the rest is looked at: what is not allowed is not told what is wrong with it.
        preValidation: async (request) => checkAllowed(request, actions),
      },
      async (request) => {
        // It would be done whenever Redis is back, when nobody waits for it any more.
        const { away } = overview.seen();
        if (away) throw redisAway(away.why);
        return act(request, kind, actions!, events);
      },
    );
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
  const { verb } = request.params;
  const work = kind.prepare({ ...request.body, verb: verb as never }, actions);
  const wanted = actOf(request, `${kind.noun} ${verb}`);
  const { id } = await audited(
    await actions.redis(),
    wanted,
    () => work(wanted),
    (acted) => events.acted?.(acted),
  );
  return { audit: id, verb, object: wanted.object };
}

function actOf({ principal, ip, headers, params, body }: Acting, what: string): Act {
  const { reason, ...details } = body;
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
