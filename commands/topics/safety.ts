import type { TopicPage } from '../topics.ts';

const text = `Each command says in its help what impact it has.

read         changes nothing, not even the receive count of a message
write        changes at once, and prints what was and what is
destructive  shows its plan and asks; where there is no terminal it needs --yes,
             else it ends with exit code 3. --dry-run shows the plan and ends

A message leaves its source only after the target has confirmed it. A run that
was stopped, or killed, can be started again: what is in the stream already is
recognised and not added twice.

A cutover writes each step down before and after it, and goes back by itself
where a check or a step fails. Ctrl-C leaves it as it is, for
'qctl cutover resume RUN' or 'qctl rollback RUN'.

The first Ctrl-C or SIGTERM finishes the batch, reports, and ends with 130 or
143. The second stops at once and says what may be repeated.

A reader of stdout that goes away (| head) ends a read command quietly, and
never stops a run.

Passwords belong into the environment, into passwordFile or into
passwordCommand. They are never printed, and URLs are shown without them.
`;

/** `qctl help safety`. */
export const page: TopicPage = { type: 'topic', data: { name: 'safety', text }, text: () => text };
