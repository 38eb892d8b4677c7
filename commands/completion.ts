import { addExamples, createCommand, type QctlCommand } from './command.ts';
import { SCRIPTS, type Shell } from './completion/place.ts';
import { readScript } from './completion/script.ts';
import type { Context } from './context.ts';
import type { CommandEntry } from './registry.ts';

const INSTALL = `
Install it with 'qctl completion install', or by hand:
  bash  qctl completion bash > ~/.local/share/bash-completion/completions/qctl
  zsh   qctl completion zsh > "\${fpath[1]}/_qctl"
  fish  qctl completion fish > ~/.config/fish/completions/qctl.fish`;

/** `qctl completion <shell>`. */
export function newCommand(context: Context, entry: CommandEntry): QctlCommand {
  const command = createCommand(entry);
  command.registeredArguments[0]?.choices(Object.keys(SCRIPTS));
  command.addHelpText('after', INSTALL);
  addExamples(command, [['qctl completion bash', 'the script itself, on stdout']]);
  return command.action((shell: Shell) => printScript(context, shell));
}

async function printScript({ io }: Context, shell: Shell): Promise<void> {
  io.stdout.write(await readScript(shell));
}
