import { type Environment, findVariable, readVariable } from './environment.ts';
import type { Flags } from './resolve.ts';
import type { SqsSourceConfig } from './schema.ts';

/** How a queue is reached; AWS credentials are the SDK's own matter. */
export interface SqsConnection {
  queueUrl: string;
  region?: string;
  endpoint?: string;
  /** What named the queue. */
  origin: string;
}

/** Flag, QCTL_QUEUE_URL, what the source says, SQS_QUEUE_URL. */
export function resolveSqs(
  flags: Flags,
  env: Environment,
  source?: { name: string; config: SqsSourceConfig },
): SqsConnection | undefined {
  const queue = queueOf(flags, env, source);
  if (!queue) return undefined;
  const region = regionFor(queue.queueUrl, env, flags, source?.config.region);
  const own = flags.sqsEndpoint ?? (env.QCTL_SQS_ENDPOINT || undefined) ?? source?.config.endpoint;
  const endpoint = own ?? readVariable(env, 'sqsEndpoint');
  return { ...queue, ...(region && { region }), ...(endpoint && { endpoint }) };
}

function queueOf(flags: Flags, env: Environment, source?: { name: string; config: SqsSourceConfig }) {
  const variable = findVariable(env, 'queueUrl');
  if (flags.queueUrl) return { queueUrl: flags.queueUrl, origin: '--queue-url' };
  if (variable?.name === 'QCTL_QUEUE_URL') return { queueUrl: variable.value, origin: variable.name };
  if (source) return { queueUrl: source.config.queueUrl, origin: `sources.${source.name}` };
  return variable && { queueUrl: variable.value, origin: variable.name };
}

/** The region of the shell (AWS_REGION) is not meant for a queue whose URL names its own. */
function regionFor(queueUrl: string, env: Environment, flags: Flags, source?: string): string | undefined {
  const explicit = flags.region ?? (env.QCTL_REGION || undefined) ?? source;
  return (
    explicit ?? (/^https:\/\/[^/]*\.amazonaws\./.test(queueUrl) ? undefined : readVariable(env, 'region'))
  );
}
