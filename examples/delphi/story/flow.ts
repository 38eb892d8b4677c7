import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Alerts come a handful at a time, as one event sets off several rules: 170 a minute. */
export const HANDFUL = 4;
const EVERY_MS = 1400;
/** Senders of a burst. */
const SENDERS = 8;

/** What Wazuh sends to the webhook: each alert again until it is accepted. */
export class Flow {
  /** When each alert that was accepted was sent first, in ms. */
  readonly sent = new Map<string, number>();
  private readonly webhook: string;
  private readonly token: string;
  private count = 0;
  private stopping = false;
  private abandoned = false;
  private steady: Promise<void> = Promise.resolve();
  private failure: unknown;

  constructor({ webhook, token }: { webhook: string; token: string }) {
    this.webhook = webhook;
    this.token = token;
  }

  /** A handful a second from now on. */
  begin(): void {
    this.steady = this.goOn().catch((error) => {
      this.failure = error;
    });
  }

  /** Sends no more, once what is under way is accepted. */
  async end(): Promise<void> {
    this.stopping = true;
    await this.steady;
    if (this.failure) throw this.failure;
  }

  /** Sends no more, whatever was accepted. */
  abandon(): void {
    this.stopping = true;
    this.abandoned = true;
  }

  /** So many at once; their ids, once all are accepted. Not while the webhook is restarted. */
  async burst(count: number): Promise<string[]> {
    const ids = Array.from({ length: count }, () => this.nextId());
    const left = [...ids];
    const agent = new Agent({ keepAlive: true, maxSockets: SENDERS });
    const sender = async () => {
      for (let id = left.shift(); id; id = left.shift()) await this.send(id, agent);
    };
    await Promise.all(Array.from({ length: SENDERS }, sender));
    agent.destroy();
    return ids;
  }

  private async goOn(): Promise<void> {
    while (!this.stopping) {
      const next = sleep(EVERY_MS);
      await Promise.all(Array.from({ length: HANDFUL }, () => this.send(this.nextId())));
      await next;
    }
  }

  private nextId(): string {
    this.count += 1;
    return `alert-${this.count}`;
  }

  private async send(id: string, agent?: Agent): Promise<void> {
    const at = Date.now();
    const host = Number(id.split('-')[1]) % 20;
    const rule = { level: 10, description: 'Möglicher Angriff' };
    const body = JSON.stringify({ id, at, rule, agent: { id: `${host}`, name: `host-${host}` } });
    while ((await this.post(body, agent)) !== 202) {
      if (this.abandoned) return;
      await sleep(50);
    }
    this.sent.set(id, at);
  }

  /** The status; 0 where nobody answered. A connection of its own, unless an agent is given: what was refused was not read. */
  private post(body: string, agent: Agent | false = false): Promise<number> {
    return new Promise((resolve) => {
      const headers = { 'x-auth-token': this.token, 'content-type': 'application/json' };
      const call = request(this.webhook, { method: 'POST', headers, agent }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode ?? 0));
      });
      call.once('error', () => resolve(0));
      call.end(body);
    });
  }
}
