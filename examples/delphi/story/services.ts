import { execFile } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type ServiceManager, startServiceManager } from '../../../test/support/service-manager.ts';
import { print } from '../../kit/terminal.ts';

/** A mail as the relay has accepted it: `by` the old or the new side, `at` in ms. */
export interface Mail {
  id: string;
  by: 'old' | 'new';
  at: number;
}

/** Ports of the three APIs. */
export interface ApiPorts {
  wazuh: number;
  llm: number;
  email: number;
}

/** What the APIs take for an answer, in ms. A language model takes longer than all else together. */
const DELAYS_MS: ApiPorts = { wazuh: 10, llm: 250, email: 10 };
/** Longer than anything in hand takes, as `TimeoutStopSec=` should be. */
const STOP_TIMEOUT_MS = 30_000;

const HERE = fileURLToPath(new URL('..', import.meta.url));

/** The team's services under a systemctl, and what they have written down. */
export class Services {
  private readonly manager: ServiceManager;
  private readonly files: ServiceFiles;

  private constructor(manager: ServiceManager, files: ServiceFiles) {
    this.manager = manager;
    this.files = files;
  }

  /** Starts all but the new worker. */
  static async start(folder: string, envFile: string, ports: ApiPorts): Promise<Services> {
    const files = {
      ACCEPTED_FILE: join(folder, 'accepted'),
      MAILS_FILE: join(folder, 'mails'),
      CACHED_FILE: join(folder, 'cached'),
    };
    for (const file of Object.values(files)) appendFileSync(file, '');
    const units = { ...apis(files, ports), ...workers(files, envFile) };
    return new Services(await startServiceManager({ units }), files);
  }

  /** Where `systemctl` is. */
  get binFolder(): string {
    return this.manager.binFolder;
  }

  /** Types a call of systemctl and carries it out. */
  async systemctl(verb: 'start' | 'stop', unit: string): Promise<void> {
    print(`$ systemctl ${verb} ${unit}`);
    const { binFolder, env } = this.manager;
    await promisify(execFile)(join(binFolder, 'systemctl'), [verb, unit], { env });
  }

  /** How often the new worker has heard that it is to stop. */
  async stopsHeard(): Promise<number> {
    const said = await this.manager.output('delphi-worker-v2.service').catch(() => '');
    return said.split('told to stop').length - 1;
  }

  mails(): Mail[] {
    return linesOf(this.files.MAILS_FILE).map((line) => JSON.parse(line));
  }

  /** Ids that the webhook has accepted. */
  accepted(): string[] {
    return linesOf(this.files.ACCEPTED_FILE);
  }

  /** Ids of alerts that were finished without Wazuh. */
  cached(): string[] {
    return linesOf(this.files.CACHED_FILE);
  }

  stop(): Promise<void> {
    return this.manager.dispose();
  }
}

interface ServiceFiles extends Record<string, string> {
  ACCEPTED_FILE: string;
  MAILS_FILE: string;
  CACHED_FILE: string;
}

const program = (name: string, ...args: string[]) => [process.execPath, join(HERE, name), ...args];

function apis(files: ServiceFiles, ports: ApiPorts) {
  const unit = (name: keyof ApiPorts) => ({
    argv: program('api.mjs', `${ports[name]}`),
    env: { ...files, DELAY_MS: `${DELAYS_MS[name]}` },
    running: true,
  });
  return {
    'wazuh-manager.service': unit('wazuh'),
    'llm.service': unit('llm'),
    'mail-relay.service': unit('email'),
  };
}

function workers(files: ServiceFiles, envFile: string) {
  const common = { env: files, envFile, stopTimeoutMs: STOP_TIMEOUT_MS };
  const old = { ...common, running: true, unitFileState: 'enabled' };
  return {
    'delphi-webhook.service': { ...old, argv: program('receiver.mjs') },
    'delphi-agent-enricher.service': { ...old, argv: program('old-worker.mjs', 'enricher') },
    'email-sender.service': { ...old, argv: program('old-worker.mjs', 'sender') },
    'delphi-worker-v2.service': { ...common, argv: program('worker-v2.mjs') },
  };
}

function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').filter(Boolean);
}
