import { QctlError } from '../../errors.ts';

/** How to reach one queue. */
export interface SqsOptions {
  queueUrl: string;
  /** Default: the region in the queue URL's host, else what the SDK finds (AWS_REGION, profile). */
  region?: string;
  /** Another address than the queue URL's host, such as a VPC endpoint or an emulator. */
  endpoint?: string;
  /** As many as requests may be under way at once; some are added for deletes. Default 50. */
  maxSockets?: number;
  /** For the first answer, and for each new socket. Default 5000. */
  connectTimeoutMs?: number;
  /** How often the SDK sends a call by itself. Default 2; 1 where every repetition has to be noted first. */
  maxAttempts?: number;
  /** Default: the SDK's chain (environment, profile, SSO, web identity, container, instance). */
  credentials?: SqsCredentials | (() => Promise<SqsCredentials>);
}

/** A key of AWS. */
export interface SqsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  /** When they lapse: whoever gave them is asked again. */
  expiration?: Date;
}

/** How to reach an account, where there is no queue yet. With the URL of a queue: the account of that one. */
export type SqsAccountOptions = Omit<SqsOptions, 'queueUrl'> & Partial<Pick<SqsOptions, 'queueUrl'>>;

/** Options with the queue URL checked and the region found. */
export interface ResolvedSqs extends ResolvedAccount {
  queueUrl: string;
  /** The queue URL without credentials or query: what may be shown. */
  label: string;
}

/** What a client is made from. */
export interface ResolvedAccount {
  region?: string;
  endpoint?: string;
  maxSockets: number;
  connectTimeoutMs: number;
  maxAttempts: number;
  credentials?: SqsOptions['credentials'];
}

// us-east-1, us-gov-west-1, eu-isoe-west-1, ap-southeast-5, … as a label of the host name.
const REGION = /(?:^|[.])([a-z]{2}(?:-[a-z]+)+-\d)[.]/;

/** Takes the options apart. Throws a `config` error on what cannot be meant. */
export function resolveSqs(options: SqsOptions): ResolvedSqs {
  const url = queueAddress(options.queueUrl);
  return {
    ...settingsOf(options),
    queueUrl: options.queueUrl,
    label: `${url.origin}${url.pathname}`,
    region: regionOf(options, url.hostname),
  };
}

/** The same for an account. Its endpoint is where the calls for the queue go that is named. */
export function resolveSqsAccount(options: SqsAccountOptions): ResolvedAccount {
  const { queueUrl } = options;
  if (queueUrl === undefined) return settingsOf(options);
  const from = resolveSqs({ ...options, queueUrl });
  return { ...from, endpoint: from.endpoint ?? new URL(queueUrl).origin };
}

function settingsOf(options: SqsAccountOptions): ResolvedAccount {
  if (options.endpoint !== undefined && !URL.canParse(options.endpoint)) {
    refuse('the endpoint is no URL', 'write it as http://localhost:4566');
  }
  return {
    region: options.region,
    endpoint: options.endpoint,
    maxSockets: options.maxSockets ?? 50,
    connectTimeoutMs: options.connectTimeoutMs ?? 5000,
    maxAttempts: options.maxAttempts ?? 2,
    credentials: options.credentials,
  };
}

/** The queue URL as it may be shown; for text that is no URL, `sqs`. */
export function sqsLabel(queueUrl: string): string {
  if (!URL.canParse(queueUrl)) return 'sqs';
  const url = new URL(queueUrl);
  return `${url.origin}${url.pathname}`;
}

function queueAddress(text: string): URL {
  const hint = 'it looks like https://sqs.eu-west-1.amazonaws.com/123456789012/orders';
  if (text.startsWith('arn:')) refuse('an ARN is not a queue URL', hint);
  if (!URL.canParse(text)) refuse('the queue URL cannot be read', hint);
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol)) refuse('the queue URL must start with https://', hint);
  if (url.pathname.split('/').filter(Boolean).length === 0) refuse('the queue URL names no queue', hint);
  return url;
}

function regionOf({ region }: SqsOptions, host: string): string | undefined {
  const inHost = REGION.exec(host)?.[1];
  const ofAws = /[.]amazonaws[.]com([.]cn)?$/.test(host);
  if (region && inHost && ofAws && region !== inHost) {
    refuse(
      `the region is ${region} but the queue is in ${inHost}`,
      'leave the region out: the queue URL says it',
    );
  }
  return region || inHost;
}

function refuse(why: string, hint: string): never {
  throw new QctlError('config', `sqs options: ${why}`, { code: 'SQS_CONFIG', hint: [hint] });
}
