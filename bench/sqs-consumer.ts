// The npm package sqs-consumer doing what drain sqs does: receive, XADD, delete. Without ledger and without proof.
import { Agent } from 'node:http';
import { type Message, SQSClient } from '@aws-sdk/client-sqs';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { Redis } from 'ioredis';
import { Consumer } from 'sqs-consumer';

const [batchSize = '1', count = '0'] = process.argv.slice(2);
const redis = new Redis(process.env.REDIS_URL!);
const sqs = new SQSClient({
  endpoint: process.env.AWS_ENDPOINT_URL_SQS,
  requestHandler: new NodeHttpHandler({ httpAgent: new Agent({ keepAlive: true }) }),
});
let left = Number(count);

function append(message: Message): Promise<unknown> {
  return redis.xadd(
    'bench',
    '*',
    'id',
    message.MessageId!,
    'body',
    message.Body!,
    'source',
    'bench',
    'run',
    'bench',
  );
}

/** Its handler returns what it acknowledges; the delete comes after it. */
const handlers =
  batchSize === '1'
    ? {
        handleMessage: async (message: Message) => {
          await append(message);
          return message;
        },
      }
    : {
        handleMessageBatch: async (messages: Message[]) => {
          await Promise.all(messages.map(append));
          return messages;
        },
      };

const consumer = Consumer.create({
  queueUrl: process.env.SQS_QUEUE_URL!,
  sqs,
  batchSize: Number(batchSize),
  messageAttributeNames: ['All'],
  messageSystemAttributeNames: ['All'],
  ...handlers,
});
consumer.on('error', (error) => {
  throw error;
});
consumer.on('response_processed', () => {
  left -= Number(batchSize);
  if (left <= 0) consumer.stop({ abort: true });
});
consumer.on('stopped', () => redis.disconnect());
consumer.start();
