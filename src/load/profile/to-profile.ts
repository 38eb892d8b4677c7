import { resolve } from 'node:path';
import type { ArrivalStage } from '../arrivals/arrivals.ts';
import type { LoadProfile } from './profile.ts';
import type { WrittenProfile, WrittenStage } from './schema.ts';
import type { TargetProfile } from './target-schema.ts';

const MOST_WARMUP_MS = 10_000;
const WARMUP_PART = 0.2;
/** Without a word about it. Calls for what answers one by one, messages for what is pipelined. */
const IN_FLIGHT = { redis: 10_000, postgres: 1000, sqs: 20, http: 50 };

/** From what is written to what is run: short forms are spelt out. */
export function toProfile(written: WrittenProfile, folder: string): LoadProfile {
  const target = toTarget(written);
  const durationMs = durationOf(written);
  return {
    name: written.name ?? null,
    target,
    stages: stagesOf(written, folder, durationMs),
    durationMs,
    count: written.count ?? null,
    warmupMs: written.warmup ?? Math.min(MOST_WARMUP_MS, (durationMs ?? 0) * WARMUP_PART),
    drainMs: written.untilEmpty ? null : written.drain,
    producers: {
      ...written.producers,
      inFlight: written.producers.inFlight ?? IN_FLIGHT[target.kind],
    },
    consumers: written.consumers,
    payload: written.payloadBytes === undefined ? written.payload : { bytes: written.payloadBytes },
    keys: written.keys ?? null,
    seed: written.seed,
    thresholds: written.thresholds,
    faults: [...written.faults].sort((a, b) => a.at - b.at),
    memoryLimit: written.memoryLimit,
    folder,
  };
}

function toTarget({ target, groups }: WrittenProfile): TargetProfile {
  return target.kind === 'redis' && groups !== undefined ? { ...target, groups } : target;
}

function durationOf({ rate, duration, count, arrivals }: WrittenProfile): number | null {
  if (arrivals) {
    const parts = arrivals.map(stageMs);
    return parts.some((ms) => ms === null) ? null : parts.reduce<number>((sum, ms) => sum + ms!, 0);
  }
  if (duration !== undefined) return duration;
  return typeof rate === 'number' && count !== undefined ? (count * 1000) / rate : null;
}

function stageMs(stage: WrittenStage): number | null {
  if ('replay' in stage) return null;
  return 'steps' in stage ? stage.steps.length * stage.each : stage.for;
}

function stagesOf(
  { rate, arrivals }: WrittenProfile,
  folder: string,
  durationMs: number | null,
): ArrivalStage[] {
  if (arrivals) return arrivals.map((stage) => toStage(stage, folder));
  if (typeof rate !== 'number') return [];
  return [{ kind: 'constant', rate, durationMs: durationMs! }];
}

function toStage(stage: WrittenStage, folder: string): ArrivalStage {
  if ('constant' in stage) return { kind: 'constant', rate: stage.constant, durationMs: stage.for };
  if ('ramp' in stage) return { kind: 'ramp', from: stage.ramp[0], to: stage.ramp[1], durationMs: stage.for };
  if ('steps' in stage) return { kind: 'steps', rates: stage.steps, eachMs: stage.each };
  if ('spike' in stage)
    return {
      kind: 'spike',
      base: stage.base,
      rate: stage.spike,
      widthMs: stage.width,
      durationMs: stage.for,
    };
  if ('sine' in stage) {
    const { mean, amplitude, period } = stage.sine;
    return { kind: 'sine', mean, amplitude, periodMs: period, durationMs: stage.for };
  }
  return { kind: 'replay', file: resolve(folder, stage.replay), speed: stage.speed };
}
