/** A JSON Schema, as Fastify serialises by it and OpenAPI shows it. */
export type Schema = Readonly<Record<string, unknown>>;

export const text: Schema = { type: 'string' };
export const maybeText: Schema = { type: ['string', 'null'] };
export const time: Schema = { type: 'string', format: 'date-time' };
export const maybeTime: Schema = { type: ['string', 'null'], format: 'date-time' };
export const number: Schema = { type: 'number' };
/** Unknown is null, never 0. */
export const maybeNumber: Schema = { type: ['number', 'null'] };
export const flag: Schema = { type: 'boolean' };
/** Whatever it is: documented elsewhere. */
export const anything: Schema = {};

/** Fields that are not named pass as well: what is new is not lost before it is documented. */
export function object(properties: Record<string, Schema>, description?: string): Schema {
  return { type: 'object', ...(description && { description }), properties, additionalProperties: true };
}

/** The same, or null. */
export function maybe(schema: Schema): Schema {
  return { ...schema, type: [schema.type, 'null'].flat() };
}

/** A list of them. */
export function list(items: Schema): Schema {
  return { type: 'array', items };
}

/** One of these texts. */
export function oneOf(...values: string[]): Schema {
  return { type: 'string', enum: values };
}
