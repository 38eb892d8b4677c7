import type { Batch } from '../model/batch.ts';
import { plural } from '../model/plural.ts';
import type { RedisStreamSink } from '../sinks/index.ts';
import { ArchiveSource } from '../sources/archive/index.ts';
import { CelerySource } from '../sources/celery/index.ts';
import type { LaneReader } from '../sources/source.ts';
import { SqsSource } from '../sources/sqs/index.ts';
import { packer } from '../transform/pack.ts';
import { idsElsewhere } from './abandon.ts';
import type { Alarm } from './alarm.ts';
import type { RunArchive } from './archive.ts';
import type { TargetClock } from './clock.ts';
import { LaneCrew } from './lane-crew.ts';
import type { Manifest } from './manifest.ts';
import type { Membership } from './membership.ts';
import type { Meter } from './meter.ts';
import type { OpenDrain, OpenSource } from './open.ts';
import { makeSqsCrew, type SharedByCrews } from './sqs-crew.ts';
import type { Throttle } from './throttle.ts';
import type { Crew } from './watch.ts';

/** Batches that are read at once, at most, however many partitions share them; a move holds locks on them. */
const PARTS_A_READ = { move: 4, copy: 12 };

/** What a crew works with. */
export interface CrewParts {
  drain: OpenDrain;
  sink: RedisStreamSink;
  meter: Meter;
  throttle: Throttle;
  membership: Membership;
  clock: TargetClock;
  alarm: Alarm;
  archive: RunArchive | undefined;
}

/** Puts those to work who suit the source: lanes, or for a queue receivers. */
export async function makeCrew(parts: CrewParts): Promise<Crew> {
  const { source } = parts.drain;
  return source instanceof SqsSource ? queueCrew(parts, source) : laneCrew(parts, source);
}

function laneCrew(parts: CrewParts, source: LaneSource): LaneCrew {
  const { drain, membership, alarm } = parts;
  const { manifest } = drain.attachment;
  return new LaneCrew({
    ...sharedBy(parts),
    lanes: manifest.lanes,
    settles: manifest.mode === 'move',
    membership,
    targetLabel: drain.redis.label,
    batch: drain.request.settings.batch,
    alarm,
    reader: (lane, size) => readerOf(source, manifest, lane, size, parts.meter),
  });
}

async function queueCrew(parts: CrewParts, source: SqsSource): Promise<Crew> {
  const { drain, clock, membership, meter } = parts;
  const elsewhere = await idsElsewhere(drain.redis.client, drain.attachment.manifest);
  const crew = makeSqsCrew(drain, source, sharedBy(parts), clock, elsewhere);
  membership.holding = () => crew.holding;
  meter.passedOver = () => crew.passedOver?.size ?? 0;
  meter.unevaluated = () => crew.passedOver?.unevaluated ?? null;
  return {
    balance: () => crew.look(),
    isIdle: () => crew.isIdle(),
    holdsLane: () => true,
    passedOver: crew.passedOver,
    tune: ({ receivers }) => crew.within(receivers),
    stop: () => crew.stop(),
  };
}

function sharedBy({ drain, sink, meter, throttle, clock, archive }: CrewParts): SharedByCrews {
  const { manifest } = drain.attachment;
  return {
    sink,
    meter,
    throttle,
    pack: packer({
      fields: manifest.fields ?? undefined,
      maxBodyBytes: drain.request.settings.maxBodyBytes,
      withKeys: manifest.target.partitions > 1,
      targetNow: () => clock.now(),
    }),
    keep: archive && ((batch: Batch) => archive.sink.write(batch.messages())),
    sourceLabel: drain.source.label,
  };
}

/** Those whose messages stand in lanes. */
type LaneSource = Exclude<OpenSource, SqsSource>;

function readerOf(
  source: LaneSource,
  manifest: Manifest,
  lane: number,
  size: number,
  meter: Meter,
): LaneReader {
  const { run, lanes } = manifest;
  const batch = rowsARead(size, manifest);
  if (source instanceof CelerySource) return source.reader({ run, lane, batch });
  if (source instanceof ArchiveSource) return source.reader(lane, batch);
  return source.reader({
    run,
    lane,
    lanes,
    batch,
    note: (text) => meter.note(text),
    lost: (count) => tellLost(meter, lane, count),
  });
}

/** What a claim kept from all who respect it, and somebody has taken none the less. */
function tellLost(meter: Meter, lane: number, count: number): void {
  meter.vanished += count;
  meter.note(
    `lane ${lane}: ${count} ${plural(count, 'message')} had been taken away from this run when it was to let go of ${plural(count, 'it')}: another consumer may have worked on ${plural(count, 'it')} as well`,
  );
}

/** Of what is read at once each partition gets a part: more is read, so that appends do not become small. */
function rowsARead(batch: number, { mode, target }: Manifest): number {
  return batch * Math.min(target.partitions, PARTS_A_READ[mode === 'copy' ? 'copy' : 'move']);
}
