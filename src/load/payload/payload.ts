/** Makes what messages hold. The same seed makes the same messages, `{{uuid}}` and `{{now}}` aside. */
export interface PayloadMaker {
  /** Called once for each `seq`, in order. Bodies may be shared between messages: nobody changes them. */
  next(seq: number): Payload;
  /** About how many bytes a message has. */
  readonly meanBytes: number;
}

/** What one message holds. */
export interface Payload {
  body: Buffer;
  /** CRC-32 of `body`. */
  crc: number;
  key: string | null;
  /** Number of the key, from 0; -1: none. */
  keyIndex: number;
}
