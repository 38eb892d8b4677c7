/** One attribute of a message. `type` is SQS's DataType (`String`, `Number.int`, `Binary.png`, …). */
export interface Attribute {
  type: string;
  value: string | Buffer;
}

/** A message on its way, the same shape whatever it came from. */
export interface Message {
  /** The source's own identity: SQS MessageId, a row's primary key as text. */
  id: string;
  /** The payload byte for byte; null is SQL NULL, which is not the empty payload. */
  body: Buffer | null;
  /** Attributes by name, in the order of the source. */
  attributes?: Record<string, Attribute>;
  /** Ordering group: messages with the same key keep their order. */
  key?: string;
  type?: string;
  priority?: string;
  /** Deliveries so far, as the source counted them. */
  attempts?: number;
  /** RFC 3339. */
  enqueuedAt?: string;
  /** RFC 3339; not to be worked on before. */
  notBefore?: string;
  /** What the backend itself says of the message: SQS SequenceNumber, MessageDeduplicationId, … */
  system?: Record<string, string>;
  /** Why it is no message of its source's kind: it goes to quarantine, whole as its body. */
  unfit?: string;
}
