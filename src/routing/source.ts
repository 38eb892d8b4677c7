import type { RouteLook } from './record.ts';
import type { LoadRule } from './route.ts';

/** Where a router reads its route again and again. Nothing of it is called on the way of a message. */
export interface RouteSource {
  /** `redis://localhost:6379/0`, `flags.yaml`. No secret. */
  readonly label: string;
  /** Settles once there was a first attempt to reach it. */
  ready(): Promise<void>;
  /** Throws an error whose message says why nothing can be read now. */
  look(): Promise<RouteLook>;
  /** Null: nobody knows. Throws likewise. */
  load(rule: LoadRule): Promise<number | null>;
  close(): Promise<void>;
}

/** A promise that is not waited for any longer than this; the work itself goes on. */
export async function noLongerThan<T>(ms: number, promise: Promise<T>, why: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(why)), ms);
    timer.unref();
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
