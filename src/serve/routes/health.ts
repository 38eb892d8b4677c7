import type { FastifyInstance } from 'fastify';
import { redactText } from '../../config/redact.ts';
import type { BreakerRow, Overview, Seen } from '../../overview/index.ts';
import { HttpError } from '../errors.ts';
import { BREAKER_HEALTH, errors, HEALTH, okOf } from '../schema/index.ts';

const HEALTH_SUMMARY = 'Whether it is alive and Redis answers. Details for those who have logged in';
const BREAKERS_SUMMARY =
  '503 where a circuit breaker lets no calls through. Details for those who have logged in';

/** What monitoring and load balancers ask for: open to everybody, who is told no more than up or down. */
export async function healthRoutes(
  app: FastifyInstance,
  { overview, version }: { overview: Overview; version: string },
): Promise<void> {
  const open = { open: true as const };
  const both = (schema: object) => ({ 200: okOf(schema), 503: okOf(schema), ...errors(404) });
  app.get(
    '/health',
    { config: open, schema: { tags: ['health'], summary: HEALTH_SUMMARY, response: both(HEALTH) } },
    async ({ principal }, reply) => {
      const seen = await newest(overview);
      const status = seen.snapshot !== null && seen.away === null ? 'ok' : 'down';
      reply.code(status === 'ok' ? 200 : 503);
      return principal === null ? { status } : { status, ...detailsOf(seen), version };
    },
  );
  app.get<{ Querystring: { breaker?: string } }>(
    '/health/circuit-breakers',
    {
      config: open,
      schema: {
        tags: ['health'],
        summary: BREAKERS_SUMMARY,
        querystring: WHICH,
        response: both(BREAKER_HEALTH),
      },
    },
    async ({ principal, query }, reply) => {
      const health = breakerHealth(await newest(overview), query.breaker);
      reply.code(health.status === 'ok' || health.status === 'degraded' ? 200 : 503);
      return principal === null ? { status: health.status } : health;
    },
  );
}

const WHICH = {
  type: 'object',
  properties: { breaker: { type: 'string', description: 'this one alone' } },
};

/** Waits for the first look, which has not been had yet right after the start. */
async function newest(overview: Overview): Promise<Seen> {
  await overview.first().catch(() => undefined);
  return overview.seen();
}

/** @param wanted this one alone; undefined: all */
function breakerHealth(seen: Seen, wanted: string | undefined) {
  const rows = seen.snapshot?.breakers.filter(({ breaker }) => (wanted ?? breaker) === breaker) ?? [];
  const why = whyUnknown(seen);
  if (why === null && wanted !== undefined && rows.length === 0) throw noBreaker();
  return {
    status: why === null ? worstOf(rows) : 'unknown',
    why,
    circuitBreakers: Object.fromEntries(rows.map((row) => [row.breaker, shown(row)])),
  };
}

function detailsOf({ snapshot, away }: Seen): object {
  return {
    redis: snapshot?.redis.label ?? null,
    seenAt: snapshot?.at ?? null,
    awaySince: away?.since ?? null,
    why: away && redactText(away.why),
  };
}

/** Why nobody knows how the breakers stand. What was seen before Redis went away may be long over. */
function whyUnknown({ snapshot, away }: Seen): string | null {
  if (away) return redactText(away.why);
  if (!snapshot) return 'nothing has been looked at yet';
  const missing = snapshot.missing.find(({ part }) => part === 'breakers');
  return missing ? redactText(missing.why) : null;
}

/** An override decides alone; an open breaker lets no more through than a call that tries. */
function worstOf(rows: readonly BreakerRow[]): 'ok' | 'degraded' | 'open' {
  if (rows.some(({ state, override }) => (override?.mode ?? state) === 'open')) return 'open';
  return rows.some(({ state, override }) => state !== 'closed' || override !== null) ? 'degraded' : 'ok';
}

function shown({ state, verdict, since, why, by, reason, halfOpenAt, override }: BreakerRow): object {
  return { state, verdict, since, why, by, reason, halfOpenAt, override };
}

function noBreaker(): HttpError {
  return new HttpError(404, 'BREAKER_UNKNOWN', 'there is no circuit breaker of that name', {
    hint: ['GET /api/breakers lists them'],
  });
}
