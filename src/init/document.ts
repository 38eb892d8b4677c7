import { Document, isMap, isSeq, type Pair, Scalar, type YAMLMap, type YAMLSeq } from 'yaml';
import { literal } from './lead.ts';
import type { Proposal, ProposedSource } from './proposal.ts';

const HEAD = ` Written by 'qctl init'. 'qctl config validate' checks it, 'qctl config show' shows what comes of it.
 Passwords do not belong here: \${NAME} is taken from the environment, passwordFile: names a file.`;

const NO_REDIS = ` redis:
   url: \${REDIS_URL}             # or sentinel: { hosts: […], name: … }, or cluster: { nodes: […] }`;

const NO_SOURCES = ` What is to be moved, for example:
 sources:
   alerts: { kind: postgres, url: "\${DATABASE_URL}", table: alerts, ready: "state = 'pending'", stream: alerts }
   webhooks: { kind: sqs, queueUrl: "\${SQS_QUEUE_URL}", stream: webhooks }`;

const STREAM_REMARKS: Record<string, string> = {
  group: 'consumer group of the new workers',
  deadLetter: 'where messages go that no worker could finish',
  maxDeliveries: 'after so many attempts',
};

/** How documents are printed: long texts stay on their lines, and what is empty is empty. */
export const LAYOUT = { lineWidth: 0, nullStr: '' } as const;

/** A proposal as the text of a `qctl.yaml`, with comments. */
export function writeDocument(proposal: Proposal): string {
  return toDocument(proposal)
    .toString(LAYOUT)
    .replace(/[ \t]+$/gm, '');
}

/** The same as a document, of which parts may be taken. */
export function toDocument({ profile, redis, sources, group }: Proposal): Document {
  const streams = [...new Set(sources.map(({ written }) => String(written.stream)))];
  const document = new Document({
    profile,
    profiles: {
      [profile]: {
        ...(redis && { redis: redis.written }),
        ...(sources.length > 0 && {
          sources: Object.fromEntries(sources.map(({ name, written }) => [name, written])),
        }),
        ...(streams.length > 0 && {
          streams: Object.fromEntries(streams.map((name) => [name, streamOf(name, group)])),
        }),
      },
    },
  });
  document.commentBefore = HEAD;
  const at = document.getIn(['profiles', profile]) as YAMLMap;
  if (redis) before(at, 'redis', redis.remark);
  const examples = [...(redis ? [] : [NO_REDIS]), ...(sources.length > 0 ? [] : [NO_SOURCES])];
  if (at.items.length === 0) {
    const nothing = new Scalar(null);
    nothing.commentBefore = examples.join('\n');
    document.setIn(['profiles', profile], nothing);
  } else if (examples.length > 0) at.comment = examples.join('\n');
  for (const source of sources) remarkSource(at.get('sources') as YAMLMap, source);
  for (const name of streams) beside((at.get('streams') as YAMLMap).get(name) as YAMLMap, STREAM_REMARKS);
  return document;
}

function streamOf(name: string, group: string | null): Record<string, unknown> {
  return { ...(group !== null && { group: literal(group) }), deadLetter: `${name}:dead`, maxDeliveries: 5 };
}

function remarkSource(sources: YAMLMap, { name, remark, remarks }: ProposedSource): void {
  before(sources, name, remark);
  beside(sources.get(name) as YAMLMap, remarks);
}

/** The pair of a key. */
export function pairOf(map: YAMLMap, key: string): Pair<Scalar, unknown> | undefined {
  return map.items.find((item) => String(item.key) === key) as Pair<Scalar, unknown> | undefined;
}

function before(map: YAMLMap, key: string, remark: string): void {
  const pair = pairOf(map, key);
  if (pair) pair.key = commented(pair.key, remark);
}

function commented(key: Scalar | string, remark: string): Scalar {
  const node = (typeof key === 'string' ? new Document(key).contents : key) as Scalar;
  // One line, whatever a table is called.
  node.commentBefore = ` ${remark.replace(/\s+/g, ' ')}`;
  return node;
}

function beside(map: YAMLMap, remarks: Readonly<Record<string, string>>): void {
  for (const [key, remark] of Object.entries(remarks)) {
    const value = pairOf(map, key)?.value as Scalar | YAMLMap | YAMLSeq | undefined;
    if (!value) continue;
    if (isMap(value) || isSeq(value)) value.flow = true;
    value.comment = ` ${remark.replace(/\s+/g, ' ')}`;
  }
}
