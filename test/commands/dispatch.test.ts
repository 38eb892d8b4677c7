import { expect, test } from 'vitest';
import { runCommand } from './run-command.ts';

test.each([
  ['tail', "'qctl stream tail'"],
  ['help tail', "'qctl help stream tail'"],
  ['status', "'qctl drain status' or 'qctl cutover status'"],
  ['stream show', "'qctl stream info'"],
  ['stream replay', "'qctl dlq replay'"],
  ['stream claim', "'qctl claim'"],
  ['stream tial', "'qctl stream tail'"],
  ['confg', "'qctl config'"],
])('qctl %s is answered with the command that was meant', async (line, meant) => {
  const { code, stderr } = await runCommand(line.split(' '));
  expect(code).toBe(2);
  expect(stderr).toContain(`qctl: unknown command '${line}'\n  hint: did you mean ${meant}?\n`);
});

test('a word that is like none gets no guess', async () => {
  const { stderr } = await runCommand(['xyzzyxyzzy']);
  expect(stderr).toBe("qctl: unknown command 'xyzzyxyzzy'\n  hint: run 'qctl --help' for what there is\n");
});

test('a source that is misspelt is what is said first, not that no stream is named', async () => {
  const config = `profiles:
  default:
    sources:
      notification_outbox: { kind: postgres, url: 'postgres://127.0.0.1:1/d', table: q }
`;
  const { code, stderr } = await runCommand(['drain', 'postgres', 'notification_outbx', '--dry-run'], {
    config,
  });
  expect(code).toBe(5);
  expect(stderr).toMatch(/there is no source notification_outbx.*\n.*did you mean notification_outbox\?/);
});
