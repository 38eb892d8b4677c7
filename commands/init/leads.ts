import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '../../src/config/environment.ts';
import {
  type ComposeFile,
  type Lead,
  leadsOfCompose,
  leadsOfEnvironment,
  leadsOfPorts,
  parseDotenv,
  readCompose,
} from '../../src/init/index.ts';
import { addressOf } from './address.ts';

/** Where is looked. */
export interface Places {
  env: Environment;
  folder: string;
  /** The environment alone. */
  fromEnv: boolean;
  /** Also what listens on this machine. */
  ports: boolean;
}

/** What points at servers, and what could not be used. */
export interface FoundLeads {
  leads: Lead[];
  notes: string[];
}

const BASES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];
const OVERRIDES = BASES.map((name) => name.replace(/\.(ya?ml)$/, '.override.$1'));

/** Each server once, by what says the most of it: the environment, `.env`, compose files, open ports. */
export async function findLeads({ env, folder, fromEnv, ports }: Places): Promise<FoundLeads> {
  const ofEnvironment = leadsOfEnvironment(env, env, { before: '' });
  if (fromEnv) return { leads: ofEnvironment, notes: [] };
  const dotenv = parseDotenv(textOf(folder, '.env') ?? '');
  // What is set already is not taken from a file.
  const unset = Object.fromEntries(Object.entries(dotenv).filter(([name]) => !env[name]));
  const values = { ...dotenv, ...env };
  const ofDotenv = leadsOfEnvironment(unset, values, { before: '.env: ', file: '.env' });
  const compose = readCompose(composeFiles(folder));
  const { leads, unpublished } = leadsOfCompose(compose.services, values);
  const ofPorts = ports ? await leadsOfPorts() : [];
  return {
    leads: eachOnce([...ofEnvironment, ...ofDotenv, ...leads], ofPorts),
    notes: [
      ...compose.unreadable.map((file) => `${file} cannot be read as YAML, and is passed over`),
      ...unpublished.map(({ from, why }) => `${from}: ${why}`),
    ],
  };
}

/** As compose itself chooses: the first base there is, and its override. */
function composeFiles(folder: string): ComposeFile[] {
  return [BASES, OVERRIDES].flatMap((names) => {
    const name = names.find((one) => existsSync(join(folder, one)));
    const text = name === undefined ? undefined : textOf(folder, name);
    return text === undefined ? [] : [{ name: name!, text }];
  });
}

function textOf(folder: string, name: string): string | undefined {
  try {
    return readFileSync(join(folder, name), 'utf8');
  } catch {
    return undefined;
  }
}

function eachOnce(leads: readonly Lead[], ofPorts: readonly Lead[]): Lead[] {
  const seen = new Map<string, Lead>();
  const servers = new Set<string>();
  for (const lead of leads) {
    const { server, whole } = addressOf(lead);
    servers.add(`${lead.kind} ${server}`);
    if (!seen.has(`${lead.kind} ${whole}`)) seen.set(`${lead.kind} ${whole}`, lead);
  }
  // An open port says nothing of databases and passwords: whatever else leads there knows more.
  const others = ofPorts.filter((lead) => !servers.has(`${lead.kind} ${addressOf(lead).server}`));
  return [...seen.values(), ...others];
}
