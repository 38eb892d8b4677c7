import type { CelerySourceFacts } from './celery/facts.ts';
import type { ShownFinding } from './finding.ts';
import type { Forecast } from './forecast/forecast.ts';
import type { OrderPlan } from './forecast/order.ts';
import type { TypeReport } from './forecast/types.ts';
import type { PostgresSourceFacts } from './postgres/facts.ts';
import type { RedisServerFacts, TargetStreamFacts } from './redis/facts.ts';
import type { SqsSourceFacts } from './sqs/facts.ts';

/** `blocked`: a finding speaks against starting; `warnings`: it may start, and somebody should read them. */
export type Verdict = 'ready' | 'warnings' | 'blocked';

/** What one `qctl analyse` has found; plain data, the same for every way of showing it. */
export interface Analysis {
  /** When, RFC 3339. */
  at: string;
  verdict: Verdict;
  blockers: number;
  warnings: number;
  notes: number;
  /** The Redis server; null where it was not looked at. */
  server: RedisServerFacts | null;
  moves: MoveAnalysis[];
  /** The worst first. */
  findings: ShownFinding[];
}

/** One source and the stream it is to go to. */
export interface MoveAnalysis {
  name: string;
  source: PostgresSourceFacts | SqsSourceFacts | CelerySourceFacts | null;
  target: TargetStreamFacts | null;
  forecast: Forecast | null;
  /** Null where the source tells no types. */
  types: TypeReport[] | null;
  /** How messages that belong together spread over partitions; null where nothing was sampled. */
  order: OrderPlan | null;
  /** What does not arrive in the stream, each as a sentence. */
  notCarried: string[];
}
