// Brings fauxqs 1.9 nearer to Amazon SQS where the difference matters to a drainer. It has no option for any
// of this; what stays different is listed in sqs.ts. Each patch says what it mends.
const internals = (path) => import(new URL(path, import.meta.resolve('fauxqs')).href);

/** A store whose queue URLs name the address that was called, and that finds a queue by any host. */
export async function createStore() {
  const { SqsStore } = await internals('./sqs/sqsStore.js');
  const store = new SqsStore();
  store.host = '';
  const exact = store.getQueue.bind(store);
  // AWS ignores the host of a queue URL in the body; a test may go through a proxy on another port.
  store.getQueue = (url) => exact(url) ?? store.getQueueByName(String(url).split('/').at(-1));
  const create = store.createQueue.bind(store);
  store.createQueue = (...args) => {
    const queue = create(...args);
    queue.messages = new Deque();
    return queue;
  };
  return store;
}

export async function patchEmulator() {
  const { SqsQueue } = await internals('./sqs/sqsStore.js');
  const { SqsRouter } = await internals('./sqs/sqsRouter.js');
  const { ALL_ATTRIBUTE_NAMES, INVALID_MESSAGE_BODY_CHAR, SETTABLE_ATTRIBUTES } =
    await internals('./sqs/sqsTypes.js');
  // Stored when a queue is made, and otherwise neither told nor changed.
  ALL_ATTRIBUTE_NAMES.push('SqsManagedSseEnabled');
  for (const name of ['SqsManagedSseEnabled', 'DeduplicationScope', 'FifoThroughputLimit'])
    SETTABLE_ATTRIBUTES.add(name);
  allowAstralCharacters(INVALID_MESSAGE_BODY_CHAR);
  keepQueuesQuick(SqsQueue.prototype);
  deliverGroupsInBatches(SqsQueue.prototype);
  wrapActions(SqsRouter.prototype);
}

/** fauxqs refuses #x10000 to #x10FFFF (emoji), which SQS allows. */
function allowAstralCharacters(pattern) {
  const invalid = /[^\x09\x0A\x0D\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;
  pattern.test = (text) => invalid.test(text);
}

/** An array's shift() moves every element: quadratic with the hundred thousands of a benchmark. */
class Deque {
  #items = [];
  #head = 0;

  get length() {
    return this.#items.length - this.#head;
  }

  push(item) {
    this.#items.push(item);
  }

  shift() {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) this.#compact();
    return item;
  }

  *[Symbol.iterator]() {
    yield* this.#items.slice(this.#head);
  }

  #compact() {
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }
}

function keepQueuesQuick(queue) {
  const purge = queue.purge;
  queue.purge = function () {
    purge.call(this);
    this.messages = new Deque();
  };
}

/**
 * fauxqs hands out one message of a group per receive; SQS hands out up to ten, in order, and locks the
 * group until all of them are deleted or visible again.
 */
function deliverGroupsInBatches(queue) {
  const dequeueOnePerGroup = queue.dequeueFifo;
  queue.dequeueFifo = function (maxCount, ...rest) {
    this.processTimers();
    const lockedBefore = new Map(this.fifoLockedGroups);
    const lockedNow = new Map(lockedBefore);
    // A message that became visible between two rounds would unlock a group that lockedBefore still holds.
    this.processTimers = () => {};
    const taken = [];
    for (let round; taken.length < Math.min(maxCount, 10) && round?.length !== 0; ) {
      this.fifoLockedGroups = new Map(lockedBefore);
      round = dequeueOnePerGroup.call(this, maxCount - taken.length, ...rest);
      taken.push(...round);
      for (const group of this.fifoLockedGroups.keys()) {
        if (!lockedBefore.has(group)) lockedNow.set(group, (lockedNow.get(group) ?? 0) + 1);
      }
    }
    this.fifoLockedGroups = lockedNow;
    delete this.processTimers;
    return taken;
  };
  for (const name of ['processTimers', 'changeVisibility']) keepGroupsInOrder(queue, name);
}

/** Messages come back to the front of their group one by one, which would reverse a batch. */
function keepGroupsInOrder(queue, name) {
  const original = queue[name];
  queue[name] = function (...args) {
    const inFlight = this.inflightMessages.size;
    original.apply(this, args);
    if (!this.isFifo() || this.inflightMessages.size === inFlight) return;
    for (const group of this.fifoMessages.values()) {
      group.sort((a, b) => (a.sequenceNumber < b.sequenceNumber ? -1 : 1));
    }
  };
}

function wrapActions(router) {
  const register = router.register;
  const wrappers = {
    SendMessage: onSend,
    SendMessageBatch: onSendBatch,
    ReceiveMessage: onReceive,
    GetQueueAttributes: onCount,
  };
  router.register = function (action, handler) {
    const wrap = wrappers[action];
    register.call(this, action, wrap ? wrap(handler) : handler);
    if (action === 'ListQueues') register.call(this, 'ListDeadLetterSourceQueues', deadLetterSources);
  };
}

/** fauxqs does not know this action. */
function deadLetterSources({ QueueUrl }, store) {
  const { arn } = store.getQueue(QueueUrl);
  const isSource = ({ attributes: { RedrivePolicy } }) =>
    !!RedrivePolicy && JSON.parse(RedrivePolicy).deadLetterTargetArn === arn;
  const queueUrls = store
    .listQueues()
    .filter(isSource)
    .map((queue) => queue.url);
  return { queueUrls };
}

function onSend(handler) {
  return (body, store) => {
    const result = handler(body, store);
    keepExtras(store.getQueue(body.QueueUrl), result.MessageId, body);
    return result;
  };
}

function onSendBatch(handler) {
  return (body, store) => {
    const result = handler(body, store);
    const entries = new Map(body.Entries.map((entry) => [entry.Id, entry]));
    for (const { Id, MessageId } of result.Successful) {
      keepExtras(store.getQueue(body.QueueUrl), MessageId, entries.get(Id));
    }
    return result;
  };
}

/** As many messages as a test wants in one call, each ten of them by the action of that name. Returns their ids. */
export async function sendMany({ QueueUrl, Entries }, store) {
  const { sendMessageBatch } = await internals('./sqs/actions/sendMessageBatch.js');
  const send = onSendBatch(sendMessageBatch);
  const ids = [];
  for (let at = 0; at < Entries.length; at += 10) {
    const batch = Entries.slice(at, at + 10);
    const { Successful, Failed = [] } = send({ QueueUrl, Entries: batch }, store);
    if (Failed.length > 0) throw new Error(`${Failed[0].Code}: ${Failed[0].Message}`);
    ids.push(...Successful.map(({ MessageId }) => MessageId));
  }
  return ids;
}

const extras = new Map();

/** fauxqs drops AWSTraceHeader, and the MessageGroupId of a standard queue (SQS's fair queues). */
function keepExtras(queue, messageId, { MessageSystemAttributes, MessageGroupId }) {
  const kept = {};
  const trace = MessageSystemAttributes?.AWSTraceHeader?.StringValue;
  if (trace) kept.AWSTraceHeader = trace;
  if (MessageGroupId && !queue.isFifo()) kept.MessageGroupId = MessageGroupId;
  if (Object.keys(kept).length > 0) extras.set(messageId, kept);
}

function onReceive(handler) {
  return async (body, store, request) => {
    const result = await longPoll(handler, body, store, request);
    const names = [...(body.AttributeNames ?? []), ...(body.MessageSystemAttributeNames ?? [])];
    for (const message of result.Messages ?? []) {
      addExtras(message, extras.get(message.MessageId), names);
      // SQS returns only the attributes that were asked for; fauxqs returns all when none were named.
      if (!body.MessageAttributeNames?.length) dropAttributes(message);
    }
    return result;
  };
}

/**
 * fauxqs ends a long poll empty when another poller took the message that woke it, and hands messages to
 * pollers whose connection is gone (a killed drainer), which hides them until their visibility ends.
 */
async function longPoll(handler, body, store, request) {
  const queue = store.getQueue(body.QueueUrl);
  const seconds = body.WaitTimeSeconds ?? Number(queue?.attributes.ReceiveMessageWaitTimeSeconds ?? 0);
  if (!(seconds > 0 && seconds <= 20)) return handler(body, store, request);
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const result = await handler({ ...body, WaitTimeSeconds: 0 }, store, request);
    const leftMs = deadline - Date.now();
    if (result.Messages || leftMs <= 0) return result;
    await queue.waitForMessages(leftMs / 1000);
    if (request.raw.socket.destroyed) return {};
  }
}

function addExtras(message, kept = {}, names) {
  for (const [name, value] of Object.entries(kept)) {
    if (!names.includes('All') && !names.includes(name)) continue;
    message.Attributes = { ...message.Attributes, [name]: value };
  }
}

function dropAttributes(message) {
  delete message.MessageAttributes;
  delete message.MD5OfMessageAttributes;
}

/** Without this a message whose visibility ended counts as in flight until somebody receives. */
function onCount(handler) {
  return (body, store) => {
    store.getQueue(body.QueueUrl)?.processTimers();
    return handler(body, store);
  };
}
