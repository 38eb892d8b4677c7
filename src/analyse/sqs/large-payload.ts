import type { Message } from '../../model/message.ts';

/** How the bodies begin that the extended clients of Amazon SQS write, the older one last. */
const POINTERS = [
  '["software.amazon.payloadoffloading.PayloadS3Pointer"',
  '["com.amazon.sqs.javamessaging.MessageS3Pointer"',
];

/** The S3 bucket that holds the body of a message; undefined where the message carries its body itself. */
export function bucketOf({ body }: Message): string | undefined {
  if (!body || !POINTERS.some((start) => body.subarray(0, start.length).toString() === start))
    return undefined;
  try {
    const [, pointer] = JSON.parse(body.toString()) as [string, { s3BucketName?: unknown }];
    return typeof pointer?.s3BucketName === 'string' ? pointer.s3BucketName : undefined;
  } catch {
    return undefined;
  }
}
