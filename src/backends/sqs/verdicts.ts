import type { Hints } from '../../errors.ts';
import { explainNetwork } from '../network.ts';
import { isRetryableSqs, nameOf } from './retry.ts';

/** What an error means to the reader: the parts of a QctlError. */
export interface Verdict {
  kind: 'auth' | 'config' | 'source';
  code: string;
  /** Lower-case clause that follows a colon. */
  why: string;
  hint: string[];
}

function is(kind: Verdict['kind'], code: string, why: string, ...hint: Hints): Verdict {
  return { kind, code, why, hint };
}

const REPORTED = 'that is what SQS or its client says of it; --verbose shows where it comes from';

const GIVE_CREDENTIALS: Hints = [
  'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN for temporary ones)',
  'or name a profile with AWS_PROFILE, or run where a role is attached',
];

const NAMES: [match: RegExp, verdict: Verdict][] = [
  [
    /^(QueueDoesNotExist|NonExistentQueue)$/,
    is(
      'source',
      'SQS_NO_QUEUE',
      'the queue does not exist',
      'check the account, the region and the name in the queue URL',
      'a queue that was just made takes a minute to be seen',
    ),
  ],
  [
    /^(InvalidAddress|InvalidQueueUrl\w*)$/,
    is(
      'config',
      'SQS_CONFIG',
      'the queue URL is not valid',
      'it looks like https://sqs.eu-west-1.amazonaws.com/123456789012/orders',
    ),
  ],
  [
    /^(InvalidClientTokenId|UnrecognizedClientException|InvalidAccessKeyId|InvalidSecurity|MissingAuthenticationToken\w*)$/,
    is('auth', 'SQS_AUTH', 'the access key is not known to AWS', ...GIVE_CREDENTIALS),
  ],
  [
    /^(ExpiredToken\w*|TokenRefreshRequired)$/,
    is(
      'auth',
      'SQS_EXPIRED',
      'the credentials have expired',
      'get new temporary credentials, for example with aws sso login',
    ),
  ],
  [
    /^(CredentialsProviderError|ProviderError|TokenProviderError)$/,
    is('auth', 'SQS_NO_CREDENTIALS', 'no credentials were found', ...GIVE_CREDENTIALS),
  ],
  [
    /^OptInRequired$/,
    is('auth', 'SQS_AUTH', 'the account may not use this region', 'enable the region for the account'),
  ],
  [
    /^RequestExpired$|^RequestTimeTooSkewed$/,
    is('auth', 'SQS_CLOCK', 'the clock of this machine is wrong', 'set the clock'),
  ],
];

/** Judges an error of the service, of the SDK or of a socket. */
export function verdict(error: unknown): Verdict {
  if (!(error instanceof Error)) return is('source', 'SQS_FAILED', String(error), REPORTED);
  const name = nameOf(error);
  if (/^AccessDenied|^AuthorizationError$/.test(name)) return denied(error);
  if (SIGNATURE.test(name)) return badSignature(error);
  const known = NAMES.find(([match]) => match.test(name));
  if (known) return known[1];
  if (/region is missing/i.test(error.message)) return NO_REGION;
  const network = explainNetwork(error);
  if (network) return is('source', `SQS_${network.code}`, network.why, ...network.hint);
  const passing = isRetryableSqs(error);
  if (passing) return is('source', 'SQS_UNAVAILABLE', passing, 'wait and try again');
  return is('source', 'SQS_FAILED', error.message || name, REPORTED);
}

const SIGNATURE = /^(SignatureDoesNotMatch|IncompleteSignature|InvalidSignatureException)$/;

const NO_REGION = is(
  'config',
  'SQS_REGION',
  'the region is not known',
  'set a region, or use a queue URL that names it',
);

function denied(error: Error): Verdict {
  const action = /perform:? (\S+)/i.exec(error.message)?.[1]?.replace(/[.,]$/, '');
  const why = `access denied: ${action ?? 'this action'} is not allowed`;
  const hint = `allow ${action ?? 'the action'} in the IAM policy of the caller and in the policy of the queue`;
  return is('auth', 'SQS_DENIED', why, hint);
}

// A signature for another region is refused with the same name as a wrong key.
function badSignature(error: Error): Verdict {
  if (/scoped to a valid region|scoped to correct region/i.test(error.message)) {
    const hint = 'leave the region out, or set the one in the queue URL';
    return is('config', 'SQS_REGION', 'the queue is in another region', hint);
  }
  return is('auth', 'SQS_AUTH', 'the secret access key does not fit the access key', ...GIVE_CREDENTIALS);
}
