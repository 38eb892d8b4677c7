import type { FormatCase } from './case.ts';
import { graphileWorkerCase } from './graphile-worker.ts';
import { obanCase } from './oban.ts';
import { pgbossCase } from './pgboss.ts';
import { pgmqCase } from './pgmq.ts';
import { riverCase } from './river.ts';

/** Every format that the contract is run against. */
export const FORMAT_CASES: FormatCase[] = [pgbossCase, graphileWorkerCase, pgmqCase, riverCase, obanCase];
