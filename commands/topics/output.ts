import type { TopicPage } from '../topics.ts';

const text = `Data goes to stdout; progress, notes, questions and errors go to stderr.

-o table       for people: cut to the width of a terminal, never cut in a pipe
-o json        one document with a "type"; a list is
               {"type":"…-list","items":[…]}
-o ndjson      one event or row a line, each with a "type"; long runs print
               {"type":"progress",…}
-o yaml        the document of json as YAML
-o prometheus  metrics in the text format of Prometheus, where the help names it
-o markdown    a page for a ticket or a CI summary, likewise; so are junit, the
               XML that CI servers read as results of tests, and html, one page
               with charts that needs nothing else

Fields are camelCase and only ever added. What is not known is null, never 0.
Times are RFC 3339, durations milliseconds (…Ms), sizes bytes (…Bytes), ids
strings.

With -o json and -o ndjson the last line of stderr tells of a failure:
{"type":"error","code":"…","kind":"…","exit":7,"message":"…","hint":["…"],…}
Match on "code" or on the exit code (qctl help exit-codes), not on the message.

--watch prints the result again and again: on a terminal in place, else with
-o table each below a line with its time, and with -o ndjson line after line. A
server that goes away is waited for.

--out-file writes the result to a file of mode 0600 (metrics: 0644), whole or
not at all. --quiet leaves out progress and notes. Colours: FORCE_COLOR,
--no-color, NO_COLOR, TERM=dumb, in this order, else only on a terminal.
`;

/** `qctl help output`. */
export const page: TopicPage = { type: 'topic', data: { name: 'output', text }, text: () => text };
