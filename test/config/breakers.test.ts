import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { findBreakerVariables } from '../../src/config/breaker-variables.ts';
import { loadConfig } from '../../src/config/load.ts';
import { BREAKER_SETTINGS, SETTING_KEYS } from '../../src/model/breaker-settings.ts';
import { runCommand } from '../commands/run-command.ts';

let cwd: string;
let home: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'qctl-config-'));
  home = await mkdtemp(join(tmpdir(), 'qctl-home-'));
});

const profile = (breakers: string) => `profiles:\n  production:\n    breakers:\n${breakers}`;

async function load(breakers: string, env: Record<string, string> = {}) {
  if (breakers) await writeFile(join(cwd, 'qctl.yaml'), profile(breakers));
  const config = await loadConfig({ flags: {}, env: { HOME: home, ...env }, cwd });
  return JSON.parse(JSON.stringify(config).replaceAll(`${cwd}/`, '')) as typeof config;
}

const DELPHI = {
  WAZUH_CB_FAILURE_THRESHOLD: '5',
  WAZUH_CB_TIMEOUT: '60s',
  LLM_CB_FAILURE_THRESHOLD: '3',
  LLM_CB_TIMEOUT: '120s',
};

describe('breakers of qctl.yaml', () => {
  test('are read by the names that operators write, with the line that each stands on', async () => {
    const { breakers, origins } = await load(
      '      wazuh-api: { failureThreshold: 5, window: 60s, openTime: 1m30s, failureRate: off }\n' +
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the notation under test
        "      mail.v1: { failureRate: 12.5%, slowCallDuration: '${SLOW:-2s}', minimumCalls: '20' }\n",
    );
    expect(breakers).toEqual({
      'wazuh-api': { failureThreshold: 5, windowMs: 60_000, openMs: 90_000, failureRate: 0 },
      'mail.v1': { failureRate: 12.5, slowCallMs: 2000, minimumCalls: 20 },
    });
    expect(origins).toMatchObject({
      'breakers.wazuh-api': 'qctl.yaml:4',
      'breakers.mail.v1': 'qctl.yaml:5',
    });
  });

  test('take every setting there is', async () => {
    const all = SETTING_KEYS.map((key) => {
      const { name, unit } = BREAKER_SETTINGS[key];
      return `${name}: ${{ count: '7', percent: '7%', duration: '7s' }[unit]}`;
    });
    const { breakers } = await load(`      a: { ${all.join(', ')} }\n`);
    expect(Object.keys(breakers.a!)).toEqual(SETTING_KEYS);
  });

  test('are merged by name, the project above the user', async () => {
    await mkdir(join(home, '.config', 'qctl'), { recursive: true });
    await writeFile(
      join(home, '.config', 'qctl', 'qctl.yaml'),
      profile('      a: { failureThreshold: 9, window: 9s }\n      b: { failureThreshold: 9 }\n'),
    );
    const { breakers } = await load('      a: { failureThreshold: 5 }\n');
    expect(breakers).toEqual({ a: { failureThreshold: 5 }, b: { failureThreshold: 9 } });
  });

  test.each([
    ['a: { openTime: 60 }', 'a.openTime: expected a duration such as 30s, from 100ms to 1d, got 60'],
    [
      'a: { failureRate: 0.5 }',
      'a.failureRate: expected a percentage up to 100 such as 50%, or off, got 0.5',
    ],
    [
      'a: { failureThreshold: [1] }',
      'a.failureThreshold: expected a whole number from 1, or off, got a list',
    ],
    ['a: { failureTreshold: 5 }', 'a.failureTreshold: unknown field'],
    ['a: { env: wazuh }', 'a.env: expected capitals such as WAZUH, for WAZUH_CB_TIMEOUT, got "wazuh"'],
    ['a: 5', 'a: expected a mapping, got 5'],
    ["'a b': {}", 'a b: cannot be the name of a circuit breaker: no blanks, braces and control characters'],
    ["'api-*': {}", 'api-*: a pattern cannot be the name of a circuit breaker'],
  ])('%s names file, line, field, value and what is expected', async (breaker, expected) => {
    await expect(load(`      ${breaker}\n`)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: `${join(cwd, 'qctl.yaml')}:4: profiles.production.breakers.${expected}`,
    });
  });

  test('of a misspelt setting the likely one is suggested', async () => {
    await expect(load('      a: { failureTreshold: 5 }\n')).rejects.toMatchObject({
      hint: ['did you mean failureThreshold?'],
    });
  });
});

describe('variables', () => {
  test('set breakers that nothing else names, under the prefix in lower case', async () => {
    const { breakers, origins } = await load('', { ...DELPHI, EMAIL_GATEWAY_CB_WINDOW: '30' });
    expect(breakers).toEqual({
      'email-gateway': { windowMs: 30_000 },
      llm: { failureThreshold: 3, openMs: 120_000 },
      wazuh: { failureThreshold: 5, openMs: 60_000 },
    });
    expect(origins).toMatchObject({
      'breakers.wazuh': 'WAZUH_CB_FAILURE_THRESHOLD',
      'breakers.wazuh.openTime': 'WAZUH_CB_TIMEOUT',
    });
  });

  test('mean the breaker that claims them, else the one of the name, else those that begin with it', async () => {
    const env = { WAZUH_CB_TIMEOUT: '7s', LLM_CB_TIMEOUT: '8s', SMTP_CB_TIMEOUT: '9s' };
    const { breakers } = await load(
      '      wazuh-api: {}\n      wazuh-indexer: { failureThreshold: 5 }\n      wazuhl: {}\n' +
        '      llm: {}\n      llm-api: {}\n      mail: { env: SMTP }\n      smtp: {}\n',
      env,
    );
    expect(breakers).toEqual({
      'wazuh-api': { openMs: 7000 },
      'wazuh-indexer': { failureThreshold: 5, openMs: 7000 },
      wazuhl: {},
      llm: { openMs: 8000 },
      'llm-api': {},
      mail: { openMs: 9000 },
      smtp: {},
    });
  });

  test('stand above the file, those of qctl above others, and are named by config show', async () => {
    const env = {
      API_CB_TIMEOUT: '7s',
      API_CB_OPEN_TIME: '8s',
      QCTL_API_CB_TIMEOUT: '9s',
      API_CB_WINDOW: '',
    };
    const { breakers, origins } = await load('      api: { openTime: 60s, window: 60s }\n', env);
    expect(breakers).toEqual({ api: { openMs: 9000, windowMs: 60_000 } });
    expect(origins).toMatchObject({
      'breakers.api': 'qctl.yaml:4',
      'breakers.api.openTime': 'QCTL_API_CB_TIMEOUT',
    });
  });

  test('that cannot be read are kept for those who need that breaker, and fail nobody else', async () => {
    const { breakers, unreadable } = await load('      api: {}\n', {
      API_CB_TIMEOUT: 'soon',
      FOO_CB_WINDOW: '7',
    });
    expect(breakers).toEqual({ api: {}, foo: { windowMs: 7000 } });
    expect(unreadable).toEqual([
      {
        variable: 'API_CB_TIMEOUT',
        breakers: ['api'],
        problem: 'expected a duration such as 30s, from 100ms to 1d, got "soon"',
      },
    ]);
  });

  test('of whatever name and value never stop a command', () => {
    const part = fc.constantFrom(
      'A',
      'CB',
      '_',
      '_CB_',
      'QCTL_',
      'TIMEOUT',
      'WINDOW',
      'FAILURE_RATE',
      'a',
      '-',
    );
    const name = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.dictionary(name, fc.string()), (env) => {
        for (const { prefix } of findBreakerVariables(env)) expect(prefix).toMatch(/^[A-Z][A-Z0-9_]*$/);
      }),
    );
  });
});

describe('config and help', () => {
  const config = profile('      api: { failureRate: off, openTime: 90500ms }\n');

  test('show has them as they are written, and says what is odd', async () => {
    const { stdout, stderr } = await runCommand(['config', 'show'], {
      config,
      env: { API_CB_WINDOW: '30s' },
    });
    expect(stdout).toContain(
      'breakers:\n  api:\n    failureRate: off\n    window: 30.0s\n    openTime: 1m30s500ms\n',
    );
    expect(stdout).toMatch(/^breakers\.api\.window +API_CB_WINDOW$/m);
    expect(stderr).toContain('qctl: warning: breaker api: it never opens: neither');
  });

  test('show and validate warn of a variable that cannot be read, and end well', async () => {
    for (const verb of ['show', 'validate']) {
      const env = { FOO_CB_TIMEOUT: 'soon' };
      const { code, stderr } = await runCommand(['config', verb], { config, env });
      expect([code, stderr]).toEqual([0, expect.stringContaining('FOO_CB_TIMEOUT: expected a duration')]);
    }
  });

  test('help environment lists them as a pattern', async () => {
    const { stdout } = await runCommand(['help', 'environment']);
    expect(stdout).toMatch(
      /^NAME_CB_OPEN_TIME, NAME_CB_TIMEOUT +openTime of circuit breaker NAME: a duration/m,
    );
    expect(stdout).toContain('as in WAZUH_CB_TIMEOUT=60s');
  });
});
