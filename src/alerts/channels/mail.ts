import { createHash } from 'node:crypto';
import { explainNetwork } from '../../backends/network.ts';
import type { MailConfig } from '../../config/alert-schema.ts';
import { hideSecrets, redactText } from '../../config/redact.ts';
import { readConfiguredFile, resolveSecret } from '../../config/secrets.ts';
import { shorten } from '../../model/shorten.ts';
import { type AlertMessage, factLines, headline } from '../message.ts';
import { SendFailed, type SendWorld } from '../secrets.ts';

const PORTS = { starttls: 587, tls: 465, none: 25 } as const;
const MOST_SUBJECT = 200;

type Mail = MailConfig & { name: string };

/**
 * Sends a mail, as plain text. Throws {@link SendFailed} where no receiver was accepted; where only some were, it is
 * sent, and who was not is what it returns: the others must not get it again.
 */
export async function tellMail(
  channel: Mail,
  message: AlertMessage,
  { signal }: SendWorld,
): Promise<string | undefined> {
  const field = `alerts.channels.${channel.name}`;
  const password = await resolveSecret({ passwordFile: channel.passwordFile }, field);
  const ca =
    channel.caFile === undefined ? undefined : await readConfiguredFile(channel.caFile, `${field}.caFile`);
  const { createTransport } = await import('nodemailer');
  const transport = createTransport(transportOf(channel, password, ca));
  const stop = (): void => transport.close();
  const late = setTimeout(stop, channel.timeout);
  signal.addEventListener('abort', stop);
  try {
    const sent = await Promise.race([transport.sendMail(mailOf(channel, message)), tooLate(channel, signal)]);
    const refused = sent.rejected.map(String);
    return refused.length === 0 ? undefined : `${channel.host} does not accept ${refused.join(', ')}`;
  } catch (error) {
    signal.throwIfAborted();
    throw failed(channel, error, password);
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', stop);
    transport.close();
  }
}

/** The limits of the library are those of a step; this one is of all of them. */
function tooLate({ timeout }: Mail, signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const late = Object.assign(new Error(`not accepted within ${timeout} ms`), { code: 'LATE' });
    setTimeout(() => reject(late), timeout).unref();
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function transportOf(channel: Mail, password: string | undefined, ca: string | undefined) {
  const { host, port, security, username, timeout } = channel;
  return {
    host,
    port: port ?? PORTS[security],
    secure: security === 'tls',
    // Never in plain text because the server, or somebody between, does not offer it.
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(username !== undefined && { auth: { user: username, pass: password } }),
    tls: { rejectUnauthorized: true, ...(ca !== undefined && { ca }) },
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
    // Texts are texts: neither a file nor an address is opened for them.
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** A mail: all of an incident stand together, and one that is sent again has the same id. */
export function mailOf({ from, to }: Pick<Mail, 'from' | 'to'>, message: AlertMessage) {
  const first = idOf(`${message.incident}/1`, from);
  const own = idOf(message.id, from);
  return {
    from: { name: '', address: from },
    to: to.map((address) => ({ name: '', address })),
    subject: shorten(oneLine(headline(message)), MOST_SUBJECT),
    text: `${[
      headline(message),
      message.description,
      '',
      ...factLines(message).map(([name, value]) => `${name}: ${value}`),
    ]
      .filter((line) => line !== null)
      .join('\n')}\n`,
    messageId: own,
    ...(own !== first && { inReplyTo: first, references: [first] }),
    headers: {
      'Auto-Submitted': 'auto-generated',
      'X-Qctl-Rule': message.rule,
      'X-Qctl-State': message.state,
    },
  };
}

function idOf(id: string, from: string): string {
  const name = createHash('sha256').update(id).digest('hex').slice(0, 32);
  return `<${name}@${from.slice(from.lastIndexOf('@') + 1)}>`;
}

/** Nothing in a header may begin another one. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
}

function failed(channel: Mail, error: unknown, password: string | undefined): SendFailed {
  const { host, security, name } = channel;
  const { code, message, originalCode } = error as { code?: string; message?: string; originalCode?: string };
  const explained = explainNetwork(Object.assign(new Error(message), { code: originalCode ?? code }));
  const encoded = password === undefined ? [] : [password, Buffer.from(password).toString('base64')];
  const said = shorten(oneLine(redactText(hideSecrets(message ?? String(error), encoded))), 200);
  if (code === 'EAUTH')
    return new SendFailed(name, `${host} does not accept the login (${said})`, [
      'check username and passwordFile',
    ]);
  if (/STARTTLS/i.test(message ?? '') && security === 'starttls')
    return new SendFailed(name, `${host} does not offer STARTTLS`, ['check the port, or say security: tls']);
  return new SendFailed(
    name,
    `${host}: ${explained?.why ?? said}`,
    explained?.hint ?? ['look into the log of the mail server'],
  );
}
