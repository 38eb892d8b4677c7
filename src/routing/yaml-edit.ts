import { type Document, isAlias, isMap, isScalar, Pair, parseDocument, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { checkRouteName } from './name.ts';
import { type Route, rulesOf } from './route.ts';
import { firstLine, invalid, SYNTAX_HINT } from './yaml-file.ts';

const BYTE_ORDER_MARK = '\uFEFF';

/**
 * The text of a file with one route set, or taken out. Everything else stays: comments, order, other keys, line ends;
 * blanks between tokens may be evened out. Throws `config` ROUTE_FILE_INVALID.
 *
 * @param text undefined: there is no file yet
 */
export function withRoute(path: string, text: string | undefined, name: string, route: Route | null): string {
  checkRouteName(name);
  const whole = text ?? '';
  const mark = whole.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : '';
  // All is text: what is not ours is written back as it stands there, be it 042, 0x10 or yes.
  const document = parseDocument(whole.slice(mark.length), { prettyErrors: false, schema: 'failsafe' });
  const [broken] = document.errors;
  if (broken) throw invalid(path, 1, firstLine(broken.message), SYNTAX_HINT);
  const routes = routesMap(path, document);
  if (!route) deleteKey(routes, name);
  else setRoute(path, routes, name, route);
  const written = document.toString({ lineWidth: 0, flowCollectionPadding: !/\{\S/.test(whole) });
  return mark + (whole.includes('\r\n') ? written.replaceAll('\n', '\r\n') : written);
}

function routesMap(path: string, document: Document.Parsed): YAMLMap {
  if (!isMap(document.contents)) document.contents = new YAMLMap() as never;
  const top = document.contents as unknown as YAMLMap;
  const routes = top.get('routes', true);
  if (isMap(routes)) {
    // What is empty was written in one line, and would go on so.
    if (routes.items.length === 0) routes.flow = false;
    return routes;
  }
  if (isAlias(routes)) throw invalid(path, 1, 'routes: is an alias (*)', 'write it out to have it changed');
  const made = new YAMLMap();
  top.set('routes', made);
  return made;
}

function setRoute(path: string, routes: YAMLMap, name: string, route: Route): void {
  const node = pairOf(routes, name)?.value;
  if (isAlias(node))
    throw invalid(path, 1, `routes.${name} is an alias (*)`, 'write it out to have it changed');
  setField(routes, name, fieldsOf(route));
}

function pairOf(map: YAMLMap, name: string): Pair | undefined {
  return map.items.find(({ key }) => (isScalar(key) ? String(key.value) : String(key)) === name);
}

function deleteKey(map: YAMLMap, name: string): void {
  map.items = map.items.filter((pair) => pair !== pairOf(map, name));
}

/** What is as it was is not touched: its comments and its way of being written stay. */
function setField(map: YAMLMap, name: string, value: unknown): void {
  if (value === undefined) {
    deleteKey(map, name);
    return;
  }
  const pair = pairOf(map, name);
  if (!pair) map.items.push(new Pair(nodeOf(name), nodeOf(value)));
  else if (isMap(pair.value) && isRecord(value)) setFields(pair.value, value);
  else if (isScalar(pair.value) && typeof value !== 'object') pair.value.value = String(value);
  else if (!saysThat(pair.value, value)) pair.value = nodeOf(value);
}

function setFields(map: YAMLMap, fields: Record<string, unknown>): void {
  const gone = map.items.filter(
    ({ key }) => !Object.hasOwn(fields, isScalar(key) ? String(key.value) : String(key)),
  );
  map.items = map.items.filter((pair) => !gone.includes(pair));
  for (const [name, one] of Object.entries(fields)) setField(map, name, one);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function saysThat(node: unknown, value: unknown): boolean {
  const json = (node as { toJSON?(): unknown } | null)?.toJSON?.();
  return JSON.stringify(json) === JSON.stringify(texts(value));
}

function texts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(texts);
  if (!isRecord(value)) return String(value);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, texts(one)]));
}

/** Texts that readers of YAML take for something else, if only some of them: a number, a time, yes. */
const AMBIGUOUS = /^([-+.\d].*|true|false|yes|no|y|n|on|off|null|~)?$/i;

function nodeOf(value: unknown): Scalar | YAMLMap | YAMLSeq {
  if (Array.isArray(value)) {
    const list = new YAMLSeq();
    list.items = value.map(nodeOf);
    return list;
  }
  if (isRecord(value)) {
    const map = new YAMLMap();
    map.items = Object.entries(value)
      .filter(([, one]) => one !== undefined)
      .map(([name, one]) => new Pair(nodeOf(name), nodeOf(one)));
    return map;
  }
  const scalar = new Scalar(String(value));
  if (typeof value === 'string' && AMBIGUOUS.test(value)) scalar.type = Scalar.QUOTE_DOUBLE;
  return scalar;
}

/** What is as always is left out. */
function fieldsOf(route: Route): Record<string, unknown> {
  const { version, changedBy, changedAt, reason } = route;
  const rules = rulesOf(route);
  const some = (value: object) => (Object.keys(value).length > 0 ? value : undefined);
  return {
    percent: rules.percent,
    types: some(rules.types),
    keys: some(rules.keys),
    load: rules.load ?? undefined,
    time: some(rules.time),
    default: rules.default === 'old' ? undefined : rules.default,
    version,
    changedBy: changedBy ?? undefined,
    changedAt: changedAt ?? undefined,
    reason: reason ?? undefined,
  };
}
