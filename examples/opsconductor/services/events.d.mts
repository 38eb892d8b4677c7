import type { Redis } from 'ioredis';

export const PUBLISHED: string;
export const WORKED: string;

export interface PlatformEvent {
  stream: string;
  service: string;
  type: string;
  priority?: string;
  data?: Record<string, unknown>;
}

export function publish(redis: Redis, event: PlatformEvent): Promise<string>;
