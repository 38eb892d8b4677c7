import {
  listQueues,
  openSqsAccount,
  queueFacts,
  type SqsAccountOptions,
  sqsLabel,
} from '../backends/sqs/index.ts';

/** One queue of SQS. */
export interface FoundSqsQueue {
  name: string;
  queueUrl: string;
  /** Null: it may not be asked. */
  visible: number | null;
  fifo: boolean;
  /** It takes the dead letters of another one, or is called like one that does. */
  dead: boolean;
}

/** What was seen of an account, or of the one queue that was named. */
export interface SqsLook {
  kind: 'sqs';
  at: string;
  queues: FoundSqsQueue[];
  /** More than these were not looked at. */
  more: boolean;
}

const MOST_QUEUES = 50;

/** Lists the queues, or reads the one that is named; receives nothing. Throws a QctlError `source`, `auth` or `config`. */
export async function lookAtSqs(options: SqsAccountOptions): Promise<SqsLook> {
  const account = await openSqsAccount(options);
  const { client, label } = account;
  try {
    const urls = options.queueUrl === undefined ? await listQueues(account, MOST_QUEUES) : [options.queueUrl];
    const facts = await Promise.all(
      urls.map((queueUrl) =>
        queueFacts({ client, queueUrl, label: sqsLabel(queueUrl) }).catch((error) => {
          if (options.queueUrl !== undefined) throw error;
          return undefined;
        }),
      ),
    );
    const dead = new Set(facts.map((one) => one?.redrivePolicy?.deadLetterTargetArn));
    const queues = urls.map((queueUrl, at): FoundSqsQueue => {
      const name = new URL(queueUrl).pathname.split('/').at(-1)!;
      const seen = facts[at];
      return {
        ...{ name, queueUrl, visible: seen?.visible ?? null, fifo: seen?.fifo ?? name.endsWith('.fifo') },
        dead: dead.has(seen?.arn ?? '') || /(^|[-_.])(dlq|dead([-_]?letters?)?)([-_.]|$)/i.test(name),
      };
    });
    return {
      kind: 'sqs',
      at: options.queueUrl === undefined ? label : sqsLabel(options.queueUrl),
      queues,
      more: urls.length === MOST_QUEUES,
    };
  } finally {
    account.close();
  }
}
