// The bare counterpart of drain sqs: loops that receive, append and delete, without ledger and without proof.
import { Agent } from 'node:http';
import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { Redis } from 'ioredis';

const [receivers = '1', how = 'script', count = '0'] = process.argv.slice(2);
const SCRIPT = `for i = 1, #ARGV, 2 do redis.call('XADD', KEYS[1], '*', 'id', ARGV[i], 'body', ARGV[i + 1], 'source', 'bench', 'run', 'bench') end`;

const QueueUrl = process.env.SQS_QUEUE_URL!;
const redis = new Redis(process.env.REDIS_URL!);
const client = new SQSClient({
  // Named here, because otherwise the SDK goes to the host of the queue's URL, past the proxy.
  endpoint: process.env.AWS_ENDPOINT_URL_SQS,
  requestHandler: new NodeHttpHandler({
    httpAgent: new Agent({ keepAlive: true, maxSockets: Number(receivers) * 2 + 8 }),
  }),
});
const sha = (await redis.script('LOAD', SCRIPT)) as string;
let left = Number(count);

async function append(messages: Message[]): Promise<void> {
  if (how === 'script') {
    await redis.evalsha(sha, 1, 'bench', ...messages.flatMap(({ MessageId, Body }) => [MessageId!, Body!]));
    return;
  }
  const pipeline = redis.pipeline();
  for (const { MessageId, Body } of messages)
    pipeline.xadd('bench', '*', 'id', MessageId!, 'body', Body!, 'source', 'bench', 'run', 'bench');
  await pipeline.exec();
}

async function loop(): Promise<void> {
  while (left > 0) {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 1,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['All'],
      }),
    );
    if (Messages.length === 0) continue;
    if (how === 'serial') for (const message of Messages) await append([message]);
    else await append(Messages);
    const Entries = Messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
    await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    left -= Messages.length;
  }
}

await Promise.all(Array.from({ length: Number(receivers) }, loop));
redis.disconnect();
