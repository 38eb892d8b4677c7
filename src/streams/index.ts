/** Everything that operates Redis Streams: looking, positions, pending entries, dead letters. */

export { type StreamSettings, streamSettings } from '../config/streams.ts';
export { isIntact } from '../model/intact.ts';
export { type AddRequest, addEntry, checkAboveLast, checkNewId } from './add.ts';
export {
  type ClaimEvents,
  type ClaimOutcome,
  type ClaimReport,
  type ClaimRequest,
  claimPending,
  nothingClaimed,
} from './claim.ts';
export { type ClaimPlan, planClaim } from './claim-plan.ts';
export { checkClaimRights } from './claim-rights.ts';
export { type ClaimTarget, chooseTarget } from './claim-target.ts';
export { requireConsumer } from './consumer-of.ts';
export {
  type Consumer,
  type ConsumerVerdict,
  IDLE_MS,
  judgeConsumer,
  type Member,
  readConsumers,
  readMembers,
} from './consumers.ts';
export { countEntries, type RangeCount } from './count.ts';
export { refuseApart } from './dead-letter-slot.ts';
export {
  type DeadLetterStream,
  deadLettersAmong,
  findDeadLetters,
  isDeadLetter,
  resolveDeadLetters,
  UNREADABLE,
} from './dead-letters.ts';
export {
  delayedStreams,
  dueText,
  type Waiting,
  type WaitingFacts,
  waitingFacts,
  waitingFor,
} from './delayed.ts';
export { forgetIfIdle } from './delayed-index.ts';
export { checkMoveRights, type MovedReport, moveAllDue, streamsToMove } from './delayed-maintain.ts';
export { DueMover, type MovedPage, moreIsDue } from './delayed-move.ts';
export {
  holdMessages,
  releaseMessages,
  removeHeldMessages,
  type WaitingMessage,
  type WaitingWhere,
  waitingMessages,
} from './delayed-take.ts';
export { lookPatiently } from './dlq-facts.ts';
export { originalFields, readDeadLetters, readWhole, type WholeDeadLetter } from './dlq-fetch.ts';
export { type DeadLetterChoice, type DeadLetterFilter, isOpen } from './dlq-filter.ts';
export { type ImportReport, importDeadLetters } from './dlq-import.ts';
export { MOST_IMPORT_FIELDS } from './dlq-import-lines.ts';
export { type ImportPlan, type ImportRequest, planImport } from './dlq-import-plan.ts';
export { type DeadLetter, deadLetterAgeMs } from './dlq-letter.ts';
export { checkPurgeRights, type PurgeReport, purgeDeadLetters } from './dlq-purge.ts';
export { type ReplayReport, replayDeadLetters } from './dlq-replay.ts';
export { planReplay, type ReplayPlan, type ReplayRequest, refuseReplay } from './dlq-replay-plan.ts';
export { chooseDeadLetters } from './dlq-scan.ts';
export { type DeadLetterSummary, type ReasonCount, summariseDeadLetters } from './dlq-summary.ts';
export { type Survey, surveyDeadLetters } from './dlq-survey.ts';
export { type EntryState, entryStates } from './entry-states.ts';
export { type GroupFacts, readFacts, requireFacts, type StreamFacts } from './facts.ts';
export { describeGroup, type GroupDetail } from './group-detail.ts';
export { groupOf } from './group-of.ts';
export {
  createGroup,
  groupExists,
  lastDeliveredAt,
  pendingRefused,
  planReset,
  type ResetPlan,
  removeGroup,
  resetGroup,
} from './groups.ts';
export { judgeLag, type Lag, type LagSource, measureLag, oldestUndeliveredId } from './lag.ts';
export { type LongestIdle, longestIdle } from './longest-idle.ts';
export { type ManyFacts, type ManyFactsOptions, readManyFacts } from './many-facts.ts';
export { findStreams, isOwn, isStream, type LeftOut, resolveStreams, streamMissing } from './names.ts';
export { startOfNewest } from './newest.ts';
export {
  type Bucket,
  type PendingEntry,
  type PendingFilter,
  type PendingReport,
  readPending,
  scanPending,
} from './pending.ts';
export { firstIdOf, type Position, parsePosition } from './position.ts';
export { nothingReaped, type ReapOutcome, type ReapReport, type ReapRequest, reapConsumer } from './reap.ts';
export {
  recordStage,
  type StageClient,
  type StageOutcome,
  type StageRecord,
} from './record-stage.ts';
export { serverTimeMs } from './server-time.ts';
export { STAGE_BOUNDS_MS, type StageRow } from './stage-fields.ts';
export { type GroupOfStream, readStages } from './stages.ts';
export {
  describeStream,
  existingStreams,
  type FoundStream,
  type GroupWithMembers,
  type StreamDetail,
} from './stream-detail.ts';
export {
  largestLag,
  type StreamSummary,
  type Summaries,
  type SummaryOptions,
  summariseStreams,
} from './summary.ts';
export { type TailEntry, type TailRequest, type TailStart, tailEntries } from './tail.ts';
export { checkTrimRights, refuseLoss, type TrimOptions, type TrimReport, trimAsPlanned } from './trim.ts';
export {
  firstNeeded,
  type Needed,
  planTrim,
  type TrimBound,
  type TrimLoss,
  type TrimPlan,
} from './trim-plan.ts';
export { planRetention, type Retention, type RetentionPlan } from './trim-retention.ts';
export { PATIENCE_MS, type Work } from './work.ts';
export { requireWritable } from './writable.ts';
