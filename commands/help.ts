import { addExamples, createCommand, type QctlCommand } from './command.ts';
import type { Context } from './context.ts';
import { fitHelp, helpWidth } from './help-text.ts';
import type { CommandEntry } from './registry.ts';
import { renderResult } from './term/render.ts';
import { HELP_TOPICS, loadTopic, type Topic } from './topics.ts';

/** `qctl help <topic>`; help of commands and nouns is answered before this file is loaded. */
export function newCommand(context: Context, entry: CommandEntry): QctlCommand {
  const command = createCommand(entry);
  command.registeredArguments[0]?.choices([...HELP_TOPICS]);
  command.addHelpText('after', `\nTopics: ${HELP_TOPICS.join(', ')}`);
  addExamples(command, [
    ['qctl help exit-codes', 'what scripts can rely on'],
    ['qctl help runbook', 'what to do at night'],
    ['qctl help drain postgres', 'the help of a command'],
  ]);
  return command.action((topic: Topic) => showTopic(context, topic));
}

async function showTopic(context: Context, topic: Topic): Promise<void> {
  const { type, data, text, laidOut = false } = await loadTopic(topic);
  await renderResult(context.io, context.options, {
    type,
    data,
    table: () => (laidOut ? text(context) : fitHelp(text(context), helpWidth(context.io))),
  });
}
