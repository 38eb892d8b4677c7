import type { FormatCase } from './case.ts';
import { delayedJobCase } from './delayed-job.ts';
import { goodJobCase } from './good-job.ts';
import { graphileWorkerCase } from './graphile-worker.ts';
import { obanCase } from './oban.ts';
import { pgbossCase } from './pgboss.ts';
import { pgmqCase } from './pgmq.ts';
import { procrastinateCase } from './procrastinate.ts';
import { queCase } from './que.ts';
import { riverCase } from './river.ts';
import { solidQueueCase } from './solid-queue.ts';

/** Every format that the contract is run against. */
export const FORMAT_CASES: FormatCase[] = [
  pgbossCase,
  graphileWorkerCase,
  pgmqCase,
  riverCase,
  obanCase,
  solidQueueCase,
  queCase,
  procrastinateCase,
  delayedJobCase,
  goodJobCase,
];
