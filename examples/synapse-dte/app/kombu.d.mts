/** Celery's broker in Redis as its producers and workers leave it. */
export declare class Broker {
  constructor(url: string);
  send(task: string, all: Record<string, unknown>[]): Promise<string[]>;
  fetchAndDie(count: number): Promise<void>;
  restore(): Promise<void>;
  left(): Promise<number>;
  close(): void;
}
