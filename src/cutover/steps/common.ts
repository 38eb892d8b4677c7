import * as z from 'zod';
import { duration, text } from '../../config/schema.ts';

export { duration, text };

/** Program and arguments. */
export const argv = z.array(text).min(1);

/** Permission bits such as `'0640'`. As a number YAML would read them in two ways. */
export const fileMode = z
  .string({ error: "expected permission bits in quotes, such as '0640'" })
  .regex(/^0?[0-7]{3}$/, "expected permission bits in quotes, such as '0640'")
  .transform((bits) => Number.parseInt(bits, 8));
