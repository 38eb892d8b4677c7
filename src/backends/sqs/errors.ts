import { type ErrorKind, isQctlError, QctlError } from '../../errors.ts';
import { explainNetwork, networkCode, plainCause } from '../redis/network.ts';

/** What the SDK hangs on the errors of a service. */
interface ServiceError extends Error {
  $metadata?: { httpStatusCode?: number; requestId?: string };
  $retryable?: { throttling?: boolean };
}

const THROTTLE =
  /(^|[.])(OverLimit|Throttling\w*|RequestThrottled\w*|KmsThrottled|TooManyRequests\w*|SlowDown)$/;

/** Name of a service error without its namespace: `QueueDoesNotExist`. */
function nameOf(error: Error): string {
  return error.name.replace(/^.*[.#]/, '');
}

function statusOf(error: Error): number | undefined {
  return (error as ServiceError).$metadata?.httpStatusCode;
}

/** True where SQS or KMS asks to slow down. */
export function isThrottle(error: unknown): boolean {
  if (isQctlError(error)) return isThrottle(error.cause);
  if (!(error instanceof Error)) return false;
  const slow = (error as ServiceError).$retryable?.throttling === true || THROTTLE.test(error.name);
  return slow || [429, 503].includes(statusOf(error) ?? 0);
}

/** A short reason where waiting and repeating makes sense, else undefined. */
export function isRetryableSqs(error: unknown): string | undefined {
  if (isQctlError(error)) return error.kind === 'source' ? isRetryableSqs(error.cause) : undefined;
  if (!(error instanceof Error)) return undefined;
  if (isThrottle(error)) return `SQS asks to slow down (${nameOf(error)})`;
  const status = statusOf(error);
  if (status !== undefined && status >= 500) return `SQS has a fault of its own (${status})`;
  const network = explainNetwork(error);
  if (network) return network.passing ? `connection lost: ${networkCode(error)}` : undefined;
  if (error.name === 'TimeoutError') return 'connection lost: no answer in time';
  return /socket hang up|^aborted$/.test(error.message) ? 'connection lost' : undefined;
}

interface Verdict {
  kind: ErrorKind;
  code: string;
  why: string;
  hint: string[];
}

const GIVE_CREDENTIALS = [
  'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN for temporary ones)',
  'or name a profile with AWS_PROFILE, or run where a role is attached',
];

const NAMES: [match: RegExp, verdict: Verdict][] = [
  [
    /^(QueueDoesNotExist|NonExistentQueue)$/,
    {
      kind: 'source',
      code: 'SQS_NO_QUEUE',
      why: 'the queue does not exist',
      hint: [
        'check the account, the region and the name in the queue URL',
        'a queue that was just made takes a minute to be seen',
      ],
    },
  ],
  [
    /^(InvalidAddress|InvalidQueueUrl\w*)$/,
    {
      kind: 'config',
      code: 'SQS_CONFIG',
      why: 'the queue URL is not valid',
      hint: ['it looks like https://sqs.eu-west-1.amazonaws.com/123456789012/orders'],
    },
  ],
  [
    /^(InvalidClientTokenId|UnrecognizedClientException|InvalidAccessKeyId|InvalidSecurity|MissingAuthenticationToken\w*)$/,
    { kind: 'auth', code: 'SQS_AUTH', why: 'the access key is not known to AWS', hint: GIVE_CREDENTIALS },
  ],
  [
    /^(ExpiredToken\w*|TokenRefreshRequired)$/,
    {
      kind: 'auth',
      code: 'SQS_EXPIRED',
      why: 'the credentials have expired',
      hint: ['get new temporary credentials, for example with aws sso login'],
    },
  ],
  [
    /^(CredentialsProviderError|ProviderError|TokenProviderError)$/,
    { kind: 'auth', code: 'SQS_NO_CREDENTIALS', why: 'no credentials were found', hint: GIVE_CREDENTIALS },
  ],
  [
    /^OptInRequired$/,
    {
      kind: 'auth',
      code: 'SQS_AUTH',
      why: 'the account may not use this region',
      hint: ['enable the region for the account'],
    },
  ],
  [
    /^RequestExpired$|^RequestTimeTooSkewed$/,
    { kind: 'auth', code: 'SQS_CLOCK', why: 'the clock of this machine is wrong', hint: ['set the clock'] },
  ],
];

function verdict(error: unknown): Verdict {
  if (!(error instanceof Error)) return { kind: 'source', code: 'SQS_FAILED', why: String(error), hint: [] };
  const name = nameOf(error);
  if (/^AccessDenied|^AuthorizationError$/.test(name)) return denied(error);
  if (/^(SignatureDoesNotMatch|IncompleteSignature|InvalidSignatureException)$/.test(name))
    return badSignature(error);
  const known = NAMES.find(([match]) => match.test(name));
  if (known) return known[1];
  if (/region is missing/i.test(error.message)) return noRegion();
  const network = explainNetwork(error);
  if (network) return { kind: 'source', code: `SQS_${network.code}`, why: network.why, hint: network.hint };
  const passing = isRetryableSqs(error);
  const why = passing ?? (error.message || name);
  return { kind: 'source', code: passing ? 'SQS_UNAVAILABLE' : 'SQS_FAILED', why, hint: [] };
}

function denied(error: Error): Verdict {
  const action = /perform:? (\S+)/i.exec(error.message)?.[1]?.replace(/[.,]$/, '');
  const what = action ?? 'this action';
  return {
    kind: 'auth',
    code: 'SQS_DENIED',
    why: `access denied: ${what} is not allowed`,
    hint: [`allow ${action ?? 'the action'} in the IAM policy of the caller and in the policy of the queue`],
  };
}

function badSignature(error: Error): Verdict {
  const scope = /scoped to a valid region|scoped to correct region/i.test(error.message);
  if (scope) {
    return {
      kind: 'config',
      code: 'SQS_REGION',
      why: 'the queue is in another region',
      hint: ['leave the region out, or set the one in the queue URL'],
    };
  }
  return {
    kind: 'auth',
    code: 'SQS_AUTH',
    why: 'the secret access key does not fit the access key',
    hint: GIVE_CREDENTIALS,
  };
}

function noRegion(): Verdict {
  return {
    kind: 'config',
    code: 'SQS_REGION',
    why: 'the region is not known',
    hint: ['set a region, or use a queue URL that names it'],
  };
}

/**
 * Turns any error of SQS or its SDK into one that may be shown: what, why, what to do.
 *
 * @param doing what was tried, as a verb phrase: `receive messages`
 */
export function toSqsError(error: unknown, label: string, doing: string): QctlError {
  if (isQctlError(error)) return error;
  const { kind, code, why, hint } = verdict(error);
  const metadata = (error as ServiceError | undefined)?.$metadata;
  const details = { queue: label, requestId: metadata?.requestId ?? null };
  const cause = plainCause(error);
  // Kept, so that a translated error can still be told to be a throttle or a server fault.
  if (metadata?.httpStatusCode)
    Object.assign(cause, { $metadata: { httpStatusCode: metadata.httpStatusCode } });
  return new QctlError(kind, `cannot ${doing} (${label}): ${why}`, { code, hint: [...hint], details, cause });
}
