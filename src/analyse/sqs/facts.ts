/** What is known of an SQS source. */
export interface SqsSourceFacts {
  kind: 'sqs';
  label: string;
}
