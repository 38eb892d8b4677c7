import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type GeneratedCalls,
  generateOutcomes,
  type Outcome,
  OutcomeParser,
  Simulation,
  type SimulationResult,
} from '../../src/breaker/index.ts';
import { QctlError } from '../../src/errors.ts';
import { splitLines } from '../../src/model/lines.ts';
import type { Context } from '../context.ts';
import { type ImportInput, openInput } from '../dlq/import-input.ts';
import { grouped } from '../term/number.ts';
import { generatedCalls, type TestFlags } from './test-options.ts';
import type { Variant } from './test-settings.ts';

/** The calls that a simulation was made with. */
export interface TestCalls {
  /** Null where they were recorded. */
  generated: GeneratedCalls | null;
  /** Null where they are made up. */
  file: string | null;
  count: number;
  fromMs: number;
  toMs: number;
  /** Lines that stood behind a later one. */
  outOfOrder: number;
}

/** What came out, a result for each variant. */
export interface TestOutcome {
  calls: TestCalls;
  results: SimulationResult[];
}

const MOST_LINE_BYTES = 1 << 20;
const DEFAULT_RATE = 10;
/** Between two looks at whether it is to stop. */
const AT_ONCE = 10_000;

/** Sends the calls through all variants, one call after the other: none of them is kept. */
export async function runSimulations(
  context: Context,
  variants: readonly Variant[],
  flags: TestFlags,
): Promise<TestOutcome> {
  const simulations = variants.map(({ given }) => new Simulation(given, flags.seed));
  if (flags.outcomes === undefined) {
    const generated = generatedCalls(flags);
    const span = await feed(context, generateOutcomes(generated), simulations);
    const calls = { generated, file: null, ...span, fromMs: 0, toMs: generated.forMs, outOfOrder: 0 };
    return { calls, results: simulations.map((one) => one.end(calls.toMs)) };
  }
  const input = await openInput(context, flags.outcomes);
  const parser = new OutcomeParser(1000 / (flags.rate ?? DEFAULT_RATE));
  const span = await feed(context, recorded(input, parser), simulations);
  if (parser.bad > 0) throw badLines(input.name, parser);
  if (span.count === 0) throw noCalls(input.name);
  const calls = { generated: null, file: input.name, ...span, outOfOrder: parser.outOfOrder };
  return { calls, results: simulations.map((one) => one.end(calls.toMs)) };
}

async function feed(
  { signal }: Context,
  outcomes: Iterable<Outcome> | AsyncIterable<Outcome>,
  simulations: readonly Simulation[],
): Promise<Pick<TestCalls, 'count' | 'fromMs' | 'toMs'>> {
  const span = { count: 0, fromMs: 0, toMs: 0 };
  const takeOne = (outcome: Outcome): void => {
    for (const simulation of simulations) simulation.take(outcome);
    if (span.count === 0) span.fromMs = outcome.atMs;
    span.count += 1;
    span.toMs = Math.max(span.toMs, outcome.atMs + (outcome.durationMs ?? 0));
  };
  for await (const outcome of outcomes) {
    takeOne(outcome);
    if (span.count % AT_ONCE > 0) continue;
    await nextTurn();
    signal.throwIfAborted();
  }
  return span;
}

async function* recorded(input: ImportInput, parser: OutcomeParser): AsyncGenerator<Outcome> {
  const tooLong = () => badInput(`${input.name}: a line is longer than 1 MiB`, 'one call a line');
  for await (const line of splitLines(input.open(), MOST_LINE_BYTES, tooLong)) {
    const outcome = parser.next(line.toString());
    if (outcome) yield outcome;
  }
}

function badLines(name: string, { bad, badLines: first }: OutcomeParser): QctlError {
  const lines = first.map(({ line, problem }) => `${name}:${line}: ${problem}`);
  const more = bad - first.length;
  if (more > 0) lines.push(`and ${grouped(more)} more`);
  return badInput(
    lines.join('\n'),
    'a line is ok, fail, or {"at": "2026-11-22T06:00:00Z", "outcome": "ok", "durationMs": 120}',
  );
}

function noCalls(name: string): QctlError {
  return badInput(`${name} has no calls`, 'it may be empty');
}

function badInput(message: string, hint: string): QctlError {
  return new QctlError('usage', message, { code: 'OUTCOMES_INVALID', hint: [hint] });
}
