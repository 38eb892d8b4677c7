import type { Finding } from '../../model/finding.ts';
import { plural } from '../../model/plural.ts';
import { shortList } from '../../model/short-list.ts';
import { missingRight } from '../../sources/sqs/index.ts';
import type { SqsSampleFacts } from './facts.ts';
import type { Named } from './findings.ts';
import type { Sampled } from './sample.ts';

/** What the sample has shown, or what is not known without one. */
export function sampleFindings(
  queue: Named,
  sampled: Sampled | null,
  facts: SqsSampleFacts | null,
): Finding[] {
  const denied = sampled?.denied ? [missingRight(sampled.denied)] : [];
  const received = facts !== null && facts.received > 0;
  return [
    ...denied,
    ...(received ? [] : [...sizesUnknown(queue), ...encrypted(queue)]),
    ...(facts ? [...pointers(facts), ...near(queue, sampled!, facts), ...notGivenBack(facts)] : []),
  ];
}

function sizesUnknown({ facts: { visible, redrivePolicy } }: Named): Finding[] {
  if (visible === 0) return [];
  const first = redrivePolicy && redrivePolicy.maxReceiveCount < 3 ? 'raise maxReceiveCount to 3, then ' : '';
  return [
    {
      level: 'note',
      code: 'SIZES_UNKNOWN',
      text: 'no message was received: sizes, types and the memory that they need are not known',
      remedy: `${first}qctl analyse --sample 100, which receives so many and gives them back at once; the receive count of each goes up by one`,
    },
  ];
}

function encrypted({ facts: { encryption, kmsKey } }: Named): Finding[] {
  if (encryption !== 'kms') return [];
  return [
    {
      level: 'note',
      code: 'ENCRYPTED_BY_KMS',
      text: `the queue is encrypted with KMS key ${kmsKey}: who receives needs kms:Decrypt, which cannot be asked for without receiving`,
      remedy: `allow kms:Decrypt (and kms:GenerateDataKey for the way back) on ${kmsKey}; qctl analyse --sample 1 shows whether it is`,
    },
  ];
}

function pointers({ largePayloads, received, buckets }: SqsSampleFacts): Finding[] {
  if (largePayloads === 0) return [];
  return [
    {
      level: 'warning',
      code: 'LARGE_PAYLOADS',
      text: `${largePayloads} of ${received} sampled messages are pointers of the Amazon SQS Extended Client: their bodies are in S3 (${shortList(buckets)}) and stay there`,
      remedy: `give the consumers of the stream s3:GetObject on ${shortList(buckets)} and code that follows the pointer, and keep lifecycle rules of the bucket from deleting the objects; or let producers send bodies up to 1 MiB whole (MaximumMessageSize 1048576) and work the pointers off in SQS first`,
    },
  ];
}

function near(
  { facts: { redrivePolicy } }: Named,
  { messages }: Sampled,
  { received }: SqsSampleFacts,
): Finding[] {
  if (!redrivePolicy) return [];
  const { maxReceiveCount, deadLetterTargetArn } = redrivePolicy;
  const count = messages.filter(({ attempts = 1 }) => attempts >= maxReceiveCount - 1).length;
  if (count === 0) return [];
  return [
    {
      level: 'warning',
      code: 'NEAR_DEAD_LETTER',
      text: `${count} of ${received} sampled messages have been received ${maxReceiveCount - 1} times or more, and after ${maxReceiveCount} receives SQS moves a message to ${deadLetterTargetArn}; an interrupted drain counts as one, and so did this sample, which ended there`,
      remedy: `raise maxReceiveCount (${maxReceiveCount} now) for the time of the drain`,
    },
  ];
}

function notGivenBack({ notGivenBack: count }: SqsSampleFacts): Finding[] {
  if (count === 0) return [];
  return [
    {
      level: 'warning',
      code: 'SAMPLE_NOT_GIVEN_BACK',
      text: `${count} ${plural(count, 'message')} of the sample could not be given back at once: nobody receives them for up to 30 s`,
      remedy:
        'nothing has to be done, they come back by themselves; allow sqs:ChangeMessageVisibility before the next sample',
    },
  ];
}
