import * as z from 'zod';
import { isPattern } from '../model/key-pattern.ts';
import { httpHeaders, httpUrl, secretSource, text, timeLimit, wholeNumber } from './values.ts';

const name = z
  .string()
  .regex(/^[\w.-]{1,100}$/, 'expected letters, digits, dots, dashes and underscores, up to 100')
  .refine((given) => !isPattern(given), 'a pattern cannot be a name');

/** The URL of such a hook is all that keeps others out of it, so that it never stands in the file itself. */
const secretUrl = {
  urlFile: text.optional(),
  url: secretSource.optional(),
};

/** Of one attempt. */
const timeout = timeLimit.default(10_000);

const slack = z
  .strictObject({ kind: z.literal('slack'), ...secretUrl, timeout })
  .refine(hasUrl, 'expected urlFile: PATH, or url: { env: NAME }');

const webhook = z
  .strictObject({
    kind: z.literal('webhook'),
    urlFile: text.optional(),
    url: z.union([httpUrl, secretSource], 'expected a URL, or { env: NAME }').optional(),
    headers: httpHeaders.default({}),
    /** File of the key that messages are signed with. */
    secretFile: text.optional(),
    /** What is sent in place of the documented fields: a mapping whose texts are templates. */
    body: z
      .union([z.record(z.string(), z.json()), z.array(z.json())], 'expected a mapping or a list')
      .optional(),
    timeout,
  })
  .refine(hasUrl, 'expected url or urlFile');

function hasUrl({ url, urlFile }: { url?: unknown; urlFile?: string }): boolean {
  return (url === undefined) !== (urlFile === undefined);
}

/** One address, with nothing in it that could end a header or begin a second address. */
const address = z
  .string()
  .regex(/^[^\s\p{C}<>()[\],;:\\"@]+@[^\s\p{C}<>(),;:\\"@]+$/u, 'expected an address such as ops@example.com')
  .max(320);

const mail = z
  .strictObject({
    kind: z.literal('mail'),
    host: text,
    port: wholeNumber.refine((port) => port > 0 && port < 65_536, 'expected a port').optional(),
    security: z.enum(['starttls', 'tls', 'none']).default('starttls'),
    /** PEM of the authority that signed the server's certificate. */
    caFile: text.optional(),
    username: text.optional(),
    passwordFile: text.optional(),
    from: address,
    to: z.union(
      [address.transform((one) => [one]), z.array(address).min(1)],
      'expected an address, or a list',
    ),
    timeout,
  })
  .refine(({ username, passwordFile }) => (username === undefined) === (passwordFile === undefined), {
    message: 'expected username and passwordFile together',
  })
  .refine(({ username, security, host }) => username === undefined || security !== 'none' || isHere(host), {
    path: ['security'],
    message: 'expected starttls or tls where a password is sent',
  });

function isHere(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|::1)$/.test(host);
}

const command = z.strictObject({
  kind: z.literal('command'),
  /** Program and arguments; no shell is involved. */
  run: z.array(text).min(1),
  cwd: text.optional(),
  timeout,
});

/** One of `channels:`. */
export const channelSchema = z.discriminatedUnion('kind', [slack, webhook, mail, command]);

/** Between messages about an incident that goes on; `never`: there is one. In ms, or null. */
export const repeatSchema = z.union(
  [z.literal('never').transform(() => null), timeLimit],
  'expected a duration such as 4h, or never',
);

/** Name of a channel or a rule. */
export const alertName = name;

/**
 * `alerts:` of a profile as far as it can be checked without the metrics: rules are read again where they are used,
 * with what each metric asks for.
 */
export const alertsSchema = z.strictObject({
  /** Who is told: the name of a channel -> how it is reached. */
  channels: z.record(name, channelSchema).optional(),
  rules: z.array(z.record(z.string(), z.unknown())).optional(),
  /** After so long an incident that goes on is told of again, where a rule does not say otherwise. */
  repeat: repeatSchema.optional(),
});

/** `alerts:` as validated, rules as they are written. */
export type AlertsConfig = z.output<typeof alertsSchema>;
/** One of `channels:` as validated. */
export type ChannelConfig = z.output<typeof channelSchema>;
/** How a hook of Slack is reached. */
export type SlackConfig = Extract<ChannelConfig, { kind: 'slack' }>;
/** How any other hook is reached. */
export type WebhookConfig = Extract<ChannelConfig, { kind: 'webhook' }>;
/** How mail is sent. */
export type MailConfig = Extract<ChannelConfig, { kind: 'mail' }>;
/** Which program is told. */
export type CommandConfig = Extract<ChannelConfig, { kind: 'command' }>;
