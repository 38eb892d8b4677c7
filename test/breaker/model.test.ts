import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BreakerMachine } from '../../src/breaker/machine.ts';
import { movesMadeBy } from '../../src/breaker/parse.ts';
import { OVERRIDE_MODES, type OverrideMode } from '../../src/breaker/view.ts';
import type { GivenSettings } from '../../src/model/breaker-settings.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { uniqueName } from '../support/shared.ts';
import { SteeredBreaker } from './steered.ts';

let server: TestRedis;
let client: Redis;
beforeAll(async () => {
  server = await startRedis();
  client = new Redis(server.url);
});
afterAll(async () => {
  client.disconnect();
  await server.stop();
});

const PROCESSES = ['p0', 'p1', 'p2'] as const;
const OPERATOR = { by: 'ops', host: 'host', reason: 'test' };

type Step =
  | {
      do: 'sync';
      process: number;
      ok: number;
      fail: number;
      slow: number;
      rejected: number;
      random: number;
      lost: boolean;
    }
  | { do: 'admit'; process: number; again: boolean; lost: boolean }
  | {
      do: 'settle';
      probe: number;
      outcome: 'ok' | 'fail' | 'none';
      slow: boolean;
      random: number;
      again: boolean;
      lost: boolean;
    }
  | { do: 'clock'; ms: number }
  | { do: 'trip'; forMs?: number }
  | { do: 'reset' }
  | { do: 'hold'; mode: OverrideMode; forMs?: number }
  | { do: 'release' }
  | { do: 'set'; key: keyof GivenSettings; value: number | null };

const few = fc.integer({ min: 0, max: 6 });
const process = fc.nat({ max: PROCESSES.length - 1 });
const random = fc.double({ min: 0, max: 1, noNaN: true });
const rarely = fc.nat({ max: 4 }).map((n) => n === 0);
const forMs = fc.option(fc.integer({ min: 1, max: 20_000 }), { nil: undefined });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      ...{ do: fc.constant('sync' as const), process, ok: few, fail: few },
      ...{ slow: fc.nat({ max: 2 }), rejected: fc.nat({ max: 2 }), random, lost: rarely },
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('admit' as const), process, again: rarely, lost: rarely }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      ...{ do: fc.constant('settle' as const), probe: fc.nat({ max: 20 }), slow: rarely, random },
      ...{ outcome: fc.constantFrom('ok', 'ok', 'ok', 'fail', 'none'), again: rarely, lost: rarely },
    }) as fc.Arbitrary<Step>,
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('clock' as const),
      ms: fc.oneof(fc.integer({ min: -2500, max: 9000 }), fc.constantFrom(50, 2100)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('trip' as const), forMs }) as fc.Arbitrary<Step> },
  { weight: 1, arbitrary: fc.constant({ do: 'reset' } as Step) },
  {
    weight: 1,
    arbitrary: fc.record({
      ...{ do: fc.constant('hold' as const), mode: fc.constantFrom(...OVERRIDE_MODES), forMs },
    }) as fc.Arbitrary<Step>,
  },
  { weight: 2, arbitrary: fc.constant({ do: 'release' } as Step) },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.record({
        ...{ do: fc.constant('set' as const), value: fc.constantFrom(null, 1, 2, 500) },
        key: fc.constantFrom('failureThreshold', 'openMs', 'halfOpenProbes', 'instances'),
      }),
      fc.record({
        ...{ do: fc.constant('set' as const), value: fc.constantFrom(null, 1000, 5000, 9876) },
        key: fc.constantFrom('windowMs', 'probeTimeoutMs'),
      }),
    ) as fc.Arbitrary<Step>,
  },
);

const given: fc.Arbitrary<GivenSettings> = fc.record(
  {
    failureThreshold: fc.constantFrom(0, 1, 3, 8),
    failureRate: fc.constantFrom(0, 25, 50, 100),
    minimumCalls: fc.constantFrom(1, 5, 10),
    windowMs: fc.constantFrom(1000, 5000, 12_345),
    slowCallMs: fc.constantFrom(0, 100),
    slowCallRate: fc.constantFrom(20, 100),
    openMs: fc.constantFrom(100, 100, 2000, 7000),
    maxOpenMs: fc.constantFrom(100, 9000, 20_000),
    halfOpenProbes: fc.constantFrom(1, 2, 3),
    successThreshold: fc.constantFrom(1, 2, 4),
    probeTimeoutMs: fc.constantFrom(500, 5000),
    instances: fc.constantFrom(1, 2),
  },
  { requiredKeys: [] },
);

/** What the machine and what Redis hold, in one shape. */
interface Compared {
  state: string;
  version: number;
  halfOpenAtMs: number | null;
  openings: number;
  successes: number;
  counts: number[];
  leases: Record<string, number>;
  mode: string | null;
}

/** A world of processes, operators and a clock, once in Redis and once in the pure machine. */
class World {
  readonly shared: SteeredBreaker;
  readonly machine: BreakerMachine;
  private readonly known = PROCESSES.map(() => 0);
  private readonly probes: { lease: string; version: number; process: number }[] = [];
  private readonly told: { version: number; process: number }[] = [];
  /** Versions of moves by processes, as the machine made them. */
  private readonly moved: { version: number; from: string; to: string; cause: string }[] = [];
  private leases = 0;

  constructor(settings: GivenSettings) {
    this.shared = new SteeredBreaker(client, uniqueName('cb'));
    this.machine = new BreakerMachine(settings);
    this.machine.onMove = (move) => void this.moved.push(move);
  }

  get now(): number {
    return this.shared.now;
  }

  async begin(declared: GivenSettings): Promise<void> {
    await this.shared.run('sync', { instance: 'p0', version: 0, declared });
    this.machine.sync(this.now, { instance: 'p0', version: 0 });
  }

  async take(step: Step): Promise<void> {
    if (step.do === 'clock') this.shared.now += step.ms;
    else if (step.do === 'sync') await this.sync(step);
    else if (step.do === 'admit') await this.admit(step);
    else if (step.do === 'settle') await this.settle(step);
    else await this.operate(step);
    const inRedis = await this.inRedis();
    expect(inRedis).toEqual(this.inMachine());
    const { halfOpenProbes } = this.machine.settings;
    const underWay = Object.values(inRedis.leases).filter((until) => until > this.now).length;
    if (step.do === 'admit') expect(underWay).toBeLessThanOrEqual(Math.max(halfOpenProbes, this.before));
    this.before = underWay;
  }

  private before = 0;

  private async sync({ process, lost, ...rest }: Step & { do: 'sync' }): Promise<void> {
    const instance = PROCESSES[process]!;
    const slow = Math.min(rest.slow, rest.ok + rest.fail);
    const report = {
      instance,
      version: this.known[process]!,
      ok: rest.ok,
      slow,
      rejected: rest.rejected,
      random: rest.random,
    };
    const reply = await this.shared.run('sync', { ...report, fail: rest.fail, rev: 0 });
    this.machine.sync(this.now, { ...report, failed: rest.fail });
    if (!lost) this.learn(process, reply.state);
  }

  private async admit({ process, again, lost }: Step & { do: 'admit' }): Promise<void> {
    const instance = PROCESSES[process]!;
    const last = this.probes.at(-1);
    const lease = again && last?.process === process ? last.lease : `${instance}:${++this.leases}`;
    const reply = await this.shared.run('admit', { instance, lease, rev: 0 });
    expect(reply.last === 1).toBe(this.machine.admit(this.now, lease));
    if (lost) return;
    this.learn(process, reply.state);
    if (reply.last === 1) this.probes.push({ lease, version: this.machine.version, process });
  }

  private async settle({ probe, again, lost, ...rest }: Step & { do: 'settle' }): Promise<void> {
    if (this.probes.length === 0) return;
    const at = probe % this.probes.length;
    const { process, ...held } = this.probes[at]!;
    const instance = PROCESSES[process]!;
    const { outcome, slow, random } = rest;
    const result = { instance, ...held, outcome, slow, random };
    const reply = await this.shared.run('settle', { ...result, rev: 0 });
    expect(reply.last === 1).toBe(this.machine.settle(this.now, result));
    if (!again) this.probes.splice(at, 1);
    if (!lost) this.learn(process, reply.state);
  }

  private async operate(step: Exclude<Step, { do: 'clock' | 'sync' | 'admit' | 'settle' }>): Promise<void> {
    if (step.do === 'set') {
      const changes = step.value === null ? { unset: [step.key] } : { set: { [step.key]: step.value } };
      await this.shared.run('configure', { ...changes, ...OPERATOR });
      this.machine.configure(this.now, { [step.key]: step.value });
      return;
    }
    await this.shared.run(step.do, { ...step, ...OPERATOR });
    if (step.do === 'trip') this.machine.trip(this.now, step.forMs);
    else if (step.do === 'reset') this.machine.reset(this.now);
    else if (step.do === 'release') this.machine.override = null;
    else this.machine.override = { mode: step.mode, untilMs: step.forMs ? this.now + step.forMs : null };
  }

  /** What a process does with a reply: it knows the version, and is told of moves that it has not been told of. */
  private learn(process: number, state: Record<string, string>): void {
    this.known[process] = Number(state.version ?? 0);
    for (const { version } of movesMadeBy(PROCESSES[process]!, state))
      if (!this.told.some((one) => one.version === version && one.process === process))
        this.told.push({ version, process });
  }

  private async inRedis(): Promise<Compared> {
    const { state, version, halfOpenAtMs, openings, successes, counts, leases, override } =
      await this.shared.standing();
    return {
      state,
      version,
      halfOpenAtMs,
      openings,
      successes,
      counts,
      leases,
      mode: override?.mode ?? null,
    };
  }

  private inMachine(): Compared {
    const { state, version, halfOpenAtMs, openings, successes, settings, override, window, leases } =
      this.machine;
    const { ok, failed, slow, rejected } = window.count(settings, this.now);
    const mode = override && (override.untilMs ?? Number.POSITIVE_INFINITY) > this.now ? override.mode : null;
    const counts = [ok, failed, slow, rejected];
    return {
      state,
      version,
      halfOpenAtMs,
      openings,
      successes,
      counts,
      leases: Object.fromEntries(leases),
      mode,
    };
  }

  /** All processes hear of everything; then each move was told to one of them, an operator's to none. */
  async end(): Promise<void> {
    for (const [process, instance] of PROCESSES.entries()) {
      const { state } = await this.shared.run('sync', { instance, version: -1, rev: 0 });
      this.machine.sync(this.now, { instance, version: -1 });
      this.learn(process, state);
    }
    expectLegal(this.moved);
    const byProcess = this.moved.filter(({ cause }) => cause !== 'tripped' && cause !== 'reset');
    for (const { version } of this.moved) {
      const count = this.told.filter((one) => one.version === version).length;
      const recent = version > this.machine.version - 4;
      const mine = byProcess.some((move) => move.version === version);
      expect(count).toBeLessThanOrEqual(mine ? 1 : 0);
      if (mine && recent) expect(count).toBe(1);
    }
    const events = (await this.shared.events()).filter(({ type }) => type === 'transition');
    expect(
      events.map(({ from, to, version, cause }) => ({ from, to, version: Number(version), cause })),
    ).toEqual(this.moved.map(({ from, to, version, cause }) => ({ from, to, version, cause })));
  }
}

const LEGAL = new Set([
  ...['failures', 'failure-rate', 'slow-calls'].map((cause) => `closed open ${cause}`),
  'open half-open open-time-over',
  'half-open open probe-failed',
  'half-open closed recovered',
  ...['closed', 'open', 'half-open'].flatMap((from) => [`${from} open tripped`, `${from} closed reset`]),
]);

function expectLegal(moves: readonly { version: number; from: string; to: string; cause: string }[]): void {
  expect(moves.map(({ version }) => version)).toEqual(moves.map((_, at) => at + 1));
  let state = 'closed';
  for (const { from, to, cause } of moves) {
    expect(from).toBe(state);
    expect(LEGAL).toContain(`${from} ${to} ${cause}`);
    state = to;
  }
}

const reported = { do: 'sync', slow: 0, rejected: 0, random: 0, lost: false } as const;
/** What was counted while one process was enough counts for no process in particular. */
const INSTANCES_RAISED: Step[] = [
  { ...reported, process: 1, ok: 1, fail: 0 },
  { do: 'set', key: 'instances', value: 2 },
  { ...reported, process: 1, ok: 1, fail: 1 },
  { ...reported, process: 0, ok: 1, fail: 6 },
];

/** Whoever writes takes an override away that is over, and a clock that is set back does not bring it back. */
const OVER_AND_BACK: Step[] = [
  { do: 'hold', mode: 'open', forMs: 1 },
  { do: 'clock', ms: 1 },
  { do: 'set', key: 'failureThreshold', value: null },
  { do: 'clock', ms: -1 },
];

test('whatever calls, failures, clocks and operators do, Redis decides as the model, and tells one process of each move', async () => {
  await fc.assert(
    fc.asyncProperty(
      given,
      fc.array(step, { minLength: 20, maxLength: 60, size: 'max' }),
      async (settings, steps) => {
        await client.flushall();
        const world = new World(settings);
        await world.begin(settings);
        expect(await world.shared.settings()).toEqual(world.machine.settings);
        for (const one of steps) await world.take(one);
        await world.end();
      },
    ),
    {
      numRuns: Number(globalThis.process.env.QCTL_MODEL_RUNS ?? 100),
      examples: [
        [{}, INSTANCES_RAISED],
        [{}, OVER_AND_BACK],
      ],
    },
  );
});
