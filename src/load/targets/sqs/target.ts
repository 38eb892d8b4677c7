import {
  openSqsAccount,
  type QueueFacts,
  queueFacts,
  queueName,
  type SqsAccount,
  type SqsAccountOptions,
  sqsLabel,
  toSqsError,
} from '../../../backends/sqs/index.ts';
import { readVariable } from '../../../config/environment.ts';
import { isQctlError, QctlError } from '../../../errors.ts';
import type { LoadProfile } from '../../profile/profile.ts';
import type { SqsTargetProfile } from '../../profile/target-schema.ts';
import type { LoadDoors } from '../../run-types.ts';
import { ofTarget } from '../errors.ts';
import type { BackendSample, Consumer, LoadTarget, Producer, ProducerEvents } from '../target.ts';
import { SqsConsumer } from './consumer.ts';
import { OwnQueue, ownQueueName } from './own-queue.ts';
import { SqsProducer } from './producer.ts';

/** What SQS took before 2025, and may still be what an emulator takes. */
const FORMER_MOST_BYTES = 262_144;

/**
 * An SQS queue under load: one of the run's own (`qctl-load-RUN`, with `-dead` for its dead letters), or with `useQueue`
 * the named queue itself. Messages that nobody has processed stay in that one: SQS cannot take out some of them.
 *
 * Without the name of a queue, the account is that of QCTL_SQS_ENDPOINT, QCTL_REGION and the AWS SDK.
 *
 * @param run its id
 * @throws QctlError of the doors; `config` where there is no region
 */
export async function openSqsTarget(
  profile: LoadProfile,
  target: SqsTargetProfile,
  run: string,
  doors: LoadDoors,
): Promise<LoadTarget> {
  const options = await accountOptions(target, doors);
  return new SqsTarget(profile, target, run, options, await openSqsAccount(options));
}

/** A call that is repeated unseen makes doubles, and measures two calls as one: nothing repeats them. */
const ONCE = { maxAttempts: 1 };

async function accountOptions(target: SqsTargetProfile, doors: LoadDoors): Promise<SqsAccountOptions> {
  try {
    return await doors.sqs(target.source);
  } catch (error) {
    if (target.useQueue || !isQctlError(error) || error.code !== 'SQS_MISSING') throw error;
    const region = readVariable(doors.env, 'region');
    const endpoint = readVariable(doors.env, 'sqsEndpoint');
    return { ...(region && { region }), ...(endpoint && { endpoint }) };
  }
}

class SqsTarget implements LoadTarget {
  readonly kind = 'sqs';
  readonly label: string;
  readonly name: string;
  readonly version = null;
  readonly own: boolean;
  readonly groups = 1;
  readonly ordered: boolean;
  readonly #profile: LoadProfile;
  readonly #target: SqsTargetProfile;
  readonly #options: SqsAccountOptions;
  readonly #account: SqsAccount;
  readonly #queue: OwnQueue | undefined;
  readonly #dead: OwnQueue;
  #queueUrl = '';
  #facts!: QueueFacts;

  constructor(
    profile: LoadProfile,
    target: SqsTargetProfile,
    run: string,
    options: SqsAccountOptions,
    account: SqsAccount,
  ) {
    this.#profile = profile;
    this.#target = target;
    this.#options = options;
    this.#account = account;
    this.own = !target.useQueue;
    if (this.own) this.#queue = new OwnQueue(account, ownQueueName(run, target));
    this.#dead = new OwnQueue(account, ownQueueName(run, { dead: true }));
    this.label = account.label;
    this.name = this.#queue?.name ?? queueName(options.queueUrl!);
    this.ordered = this.name.endsWith('.fifo');
  }

  async prepare(): Promise<void> {
    this.#queueUrl = this.#queue ? await this.#queue.make() : this.#options.queueUrl!;
    this.#facts = await this.#look();
    if (!this.own && !this.#target.allowNotEmpty) refuseUnlessEmpty(this.#facts, sqsLabel(this.#queueUrl));
  }

  async producer(_at: number, events: ProducerEvents): Promise<Producer> {
    const { batch, inFlight } = this.#profile.producers;
    const account = await this.#another(inFlight);
    const mostBytes = this.#facts.maximumMessageBytes ?? FORMER_MOST_BYTES;
    const { fifo } = this.#facts;
    return new SqsProducer({ account, queueUrl: this.#queueUrl, fifo, mostBytes, batch, inFlight }, events);
  }

  async consumer(): Promise<Consumer> {
    return new SqsConsumer({
      account: await this.#another(1),
      queueUrl: this.#queueUrl,
      claimAfterMs: this.#profile.consumers.claimAfter,
      deadLetters: () => this.#dead.make(),
    });
  }

  async sample(): Promise<BackendSample> {
    const { visible, inFlight, delayed } = await this.#look();
    return {
      length: visible + inFlight + delayed,
      lag: visible + delayed,
      pending: inFlight,
      memoryBytes: null,
      memoryShare: null,
      queueBytes: null,
      cpuSeconds: null,
    };
  }

  async close(): Promise<void> {
    const gone = await Promise.allSettled([this.#queue?.remove(), this.#dead.remove()]);
    this.#account.close();
    for (const one of gone) if (one.status === 'rejected') throw one.reason;
  }

  async #look(): Promise<QueueFacts> {
    const { client } = this.#account;
    const queueUrl = this.#queueUrl;
    try {
      return await queueFacts({ client, queueUrl, label: sqsLabel(queueUrl) });
    } catch (error) {
      throw ofTarget(toSqsError(error, sqsLabel(queueUrl), 'read the attributes of the queue'));
    }
  }

  /** A client with sockets of its own. Credentials are found once for all of them. */
  async #another(maxSockets: number): Promise<SqsAccount> {
    const { credentials } = this.#account.client.config;
    return openSqsAccount({ ...this.#options, ...ONCE, maxSockets, credentials });
  }
}

function refuseUnlessEmpty({ visible, inFlight, delayed }: QueueFacts, label: string): void {
  if (visible + inFlight + delayed === 0) return;
  throw new QctlError(
    'refused',
    `the queue is not empty (${label}): ${visible} visible, ${inFlight} in flight, ${delayed} delayed`,
    {
      code: 'TARGET_NOT_EMPTY',
      hint: [
        'leave out useQueue: the run makes a queue of its own',
        'or set allowNotEmpty: its consumers receive the foreign messages, too',
      ],
      details: { queue: label, visible, inFlight, delayed },
    },
  );
}
