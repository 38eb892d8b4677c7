import {
  connectSqs,
  missingQueueRights,
  type QueueFacts,
  queueFacts,
  type SqsConnection,
  type SqsOptions,
  sqsNow,
} from '../../backends/sqs/index.ts';
import type { Finding } from '../../model/finding.ts';
import { plural } from '../../model/plural.ts';
import type { Depth } from '../source.ts';
import { missingRight } from './missing-right.ts';

export { missingRight } from './missing-right.ts';
export { PassedOver, type PassedOverCounts } from './passed-over.ts';
export { type HeldBatch, type ReceiverOptions, receive } from './receiver.ts';
export { compileSelection, type SqsSelection, selects } from './selection.ts';
export { selectionFindings } from './selection-findings.ts';

/** An SQS queue, standard or FIFO. Opening it asks for attributes only: no message is received. */
export class SqsSource {
  readonly label: string;
  readonly identity: string;
  readonly connection: SqsConnection;
  readonly facts: QueueFacts;

  private constructor(connection: SqsConnection, facts: QueueFacts) {
    this.connection = connection;
    this.label = connection.label;
    this.identity = `sqs:${facts.arn || connection.queueUrl}`;
    this.facts = facts;
  }

  static async open(options: SqsOptions): Promise<SqsSource> {
    const connection = await connectSqs(options);
    return new SqsSource(connection, await queueFacts(connection));
  }

  /** The clock of SQS, RFC 3339. */
  async now(): Promise<string> {
    return (await sqsNow(this.connection)).toISOString();
  }

  /** The queue's own approximate counts. */
  async depth(): Promise<Depth> {
    const { visible, inFlight, delayed } = await this.look();
    return { ready: visible, inFlight, delayed };
  }

  /** What the queue says of itself now. */
  look(): Promise<QueueFacts> {
    return queueFacts(this.connection);
  }

  findings(visibilityMs: number): Finding[] {
    const { facts } = this;
    const findings: Finding[] = [];
    if (facts.redrivePolicy && facts.redrivePolicy.maxReceiveCount < 3) {
      findings.push({
        level: 'warning',
        code: 'LOW_MAX_RECEIVE_COUNT',
        text: `after ${facts.redrivePolicy.maxReceiveCount} receives SQS moves a message to ${facts.redrivePolicy.deadLetterTargetArn}; an interrupted drain counts as one`,
        remedy: 'raise maxReceiveCount for the time of the drain',
      });
    }
    if (facts.inFlight > 0) {
      findings.push({
        level: 'note',
        code: 'OTHER_CONSUMERS',
        text: `${facts.inFlight} ${plural(facts.inFlight, 'message is')} in flight with another consumer; the drain ends only when ${plural(facts.inFlight, 'it is')} back or deleted`,
        remedy: 'stop the old consumers first',
      });
    }
    if (visibilityMs < 2000)
      findings.push({
        level: 'warning',
        code: 'SHORT_VISIBILITY',
        text: `a visibility timeout of ${visibilityMs} ms lets messages come back while they are held`,
        remedy: '--visibility 30s, or longer',
      });
    return findings;
  }

  /** Actions that the caller may not do, as far as that can be asked without touching a message. */
  missingRights(): Promise<string[]> {
    return missingQueueRights(this.connection);
  }

  /** The same as findings. */
  async rightsFindings(): Promise<Finding[]> {
    return (await this.missingRights()).map(missingRight);
  }

  close(): Promise<void> {
    this.connection.close();
    return Promise.resolve();
  }
}
