/** How `qctl init` finds servers and queues, and what it writes. */

export { type ComposeFile, composeText, readCompose } from './compose.ts';
export { writeDocument } from './document.ts';
export { parseDotenv } from './dotenv.ts';
export { leadsOfCompose, type Unpublished } from './from-compose.ts';
export { type EnvironmentPlace, leadsOfEnvironment } from './from-environment.ts';
export { type Lead, type LeadKind, namesIn } from './lead.ts';
export { conditionProblem, lookAtPostgres, type PostgresLook } from './look-postgres.ts';
export { lookAtRedis, type RedisLook } from './look-redis.ts';
export { lookAtSqs, type SqsLook } from './look-sqs.ts';
export { type Merged, mergeInto, whatIsSaid } from './merge.ts';
export { KNOWN_PORTS, type KnownPort, leadsOfPorts } from './ports.ts';
export {
  type Candidate,
  isCertain,
  nameOf,
  type Proposal,
  type ProposedSource,
  type TableChoice,
  unusedName,
} from './proposal.ts';
export { proposeSource } from './propose.ts';
export type { FoundTable } from './tables.ts';
