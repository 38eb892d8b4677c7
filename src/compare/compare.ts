import { pause } from '../model/patience.ts';
import { differences } from './diff.ts';
import { DoubledKeys } from './doubled.ts';
import { openSide } from './inputs/open.ts';
import { Intake, PARTS } from './intake.ts';
import { groupsOf, type JoinOptions } from './join.ts';
import type { PackedRecord } from './packed.ts';
import { report } from './report.ts';
import type { CompareProgress, CompareRequest, CompareWork } from './request.ts';
import { compileRules, type Rules } from './rules.ts';
import { Sample } from './sample.ts';
import type { Spill } from './spill.ts';
import { Tally } from './tally.ts';
import { parseThresholds } from './thresholds.ts';
import type { Comparison, SideName } from './types.ts';

const DEFAULT_SAMPLE = 20;
const DEFAULT_MEMORY = { sideBytes: 8_000_000, partBytes: 48_000_000 };
const SAY_EVERY_MS = 1000;
const DEFAULT_NOISE = { relative: 0.2, absolute: 0.0003 };

type Sides = { old: Intake; new: Intake; old2: Intake | undefined };

/** Throws, before anything is opened, what {@link compare} would throw for rules that cannot be meant. */
export function checkRequest(request: CompareRequest): void {
  compileRules(request);
  parseThresholds(request, request.minMatched);
}

/**
 * Compares an old and a new side record by record; changes nothing. Each side is read once, put away by
 * parts of its keys, and compared part by part, so that memory does not grow with the number of records.
 * At the signal what was read so far is compared, and the result says that it is incomplete.
 *
 * @throws QctlError where a side cannot be read, or a rule cannot be meant
 */
export async function compare(request: CompareRequest, work: CompareWork): Promise<Comparison> {
  const rules = compileRules(request);
  const thresholds = parseThresholds(request, request.minMatched);
  const startedAt = work.now();
  const most = request.sample ?? DEFAULT_SAMPLE;
  const sample = new Sample(most, request.showValues ?? false);
  const failed = new AbortController();
  // Where one side fails, the others need not be read to their end.
  const reading = { ...work, signal: AbortSignal.any([work.signal, failed.signal]) };
  const sides = openAll(request, reading, rules, sample);
  const doubled = new DoubledKeys(most);
  try {
    const readToMs = await readAll(request, sides, reading, failed);
    const complete = !work.signal.aborted;
    const decode = {
      old: decodeOf(sides, 'old'),
      new: decodeOf(sides, 'new'),
      old2: decodeOf(sides, 'old2'),
    };
    const { lateAfterMs } = request;
    const tally = new Tally({ rules, decode, sample, doubled, lateAfterMs, readToMs, complete });
    const all = await putTogether(request, sides, rules, tally, work, complete);
    const settled = tally.settle(request.noise ?? DEFAULT_NOISE);
    return report({
      request,
      thresholds,
      tally,
      settled,
      sample,
      doubled,
      sides,
      startedAt,
      endedAt: work.now(),
      complete: complete && all,
    });
  } finally {
    for (const side of [sides.old, sides.new, sides.old2]) await side?.spill.close();
  }
}

function openAll(request: CompareRequest, work: CompareWork, rules: Rules, sample: Sample): Sides {
  const until = request.forMs === undefined ? undefined : new AbortController();
  if (until) void pause(request.forMs!, work.signal).then(() => until.abort());
  const { sideBytes } = request.memory ?? DEFAULT_MEMORY;
  const open = (side: SideName, input: CompareRequest['old']) =>
    new Intake({
      side,
      rules,
      sample,
      sideBytes,
      folder: request.folder,
      reader: openSide(input, request, work, until?.signal),
    });
  return {
    old: open('old', request.old),
    new: open('new', request.new),
    old2: request.old2 && open('old2', request.old2),
  };
}

/**
 * All sides at once, so that what an early end leaves is of the same time. What does not grow is read at the
 * end. Gives the times up to which they were read, in ms: reading may take longer than a record may be late.
 */
async function readAll(
  request: CompareRequest,
  sides: Sides,
  work: CompareWork,
  failed: AbortController,
): Promise<Record<SideName, number>> {
  const told = () => work.progress?.(progressOf(sides, 'reading', 0));
  const ticking = setInterval(told, SAY_EVERY_MS).unref();
  const readToMs = { old: 0, new: 0, old2: 0 };
  const read = async (side: SideName) => {
    if (request.forMs !== undefined && request[side]?.kind !== 'redis')
      await pause(request.forMs, work.signal);
    const own = sides[side];
    if (!own) return;
    // Before: what a table or a file takes up while it is read may be in it or not.
    const beganMs = own.reader.readToMs ? 0 : await clockOf(sides, work);
    await own.takeAll(work.signal, told);
    readToMs[side] = own.reader.readToMs?.() ?? (own.reader.isFed ? await clockOf(sides, work) : beganMs);
  };
  const names = ['old', 'new', 'old2'] as const;
  await Promise.all(
    names.map((side) =>
      read(side).catch((error) => {
        // What only a stop has ended is no failure.
        if (!work.signal.aborted) failed.abort(error);
      }),
    ),
  ).finally(() => clearInterval(ticking));
  if (failed.signal.aborted) throw failed.signal.reason;
  return readToMs;
}

function progressOf(sides: Sides, phase: CompareProgress['phase'], done: number): CompareProgress {
  return {
    phase,
    old: sides.old.records,
    new: sides.new.records,
    old2: sides.old2?.records ?? null,
    done,
  };
}

/** The clock by which the times of the records were given out. */
async function clockOf(sides: Sides, { now }: CompareWork): Promise<number> {
  const { clock } = sides.new.reader.clock ? sides.new.reader : sides.old.reader;
  // Only the ages of the youngest records hang on it.
  return clock ? clock().catch(() => now().getTime()) : now().getTime();
}

function decodeOf(sides: Sides, side: SideName) {
  return (sides[side] ?? sides.old).reader.decode;
}

/** False where the signal came before the last part. */
async function putTogether(
  request: CompareRequest,
  sides: Sides,
  rules: Rules,
  tally: Tally,
  work: CompareWork,
  stoppable: boolean,
): Promise<boolean> {
  const options = joinOptions(request, sides, rules);
  for (let part = 0; part < PARTS; part += 1) {
    if (stoppable && work.signal.aborted) return false;
    for await (const groups of groupsOf(part, options)) for (const group of groups) tally.add(group);
    work.progress?.(progressOf(sides, 'comparing', (part + 1) / PARTS));
    // Signals and timers have their turn even where all is in memory.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return true;
}

function joinOptions(request: CompareRequest, sides: Sides, rules: Rules): JoinOptions {
  const spills: Partial<Record<SideName, Spill>> = { old: sides.old.spill, new: sides.new.spill };
  if (sides.old2) spills.old2 = sides.old2.spill;
  const { partBytes } = request.memory ?? DEFAULT_MEMORY;
  const isSame = (side: SideName, a: PackedRecord, b: PackedRecord) => {
    if (a.text.equals(b.text)) return true;
    const decode = decodeOf(sides, side);
    const found = differences(rules.diff, decode(a.text.toString()), decode(b.text.toString()));
    return found.every(({ ignored }) => ignored);
  };
  return { spills, partBytes, folder: request.folder, isSame };
}
