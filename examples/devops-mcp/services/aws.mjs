/* The little of the AWS command line that the plans of this folder call. */
const [service, verb, flag, queueUrl] = process.argv.slice(2);
const ACTIONS = { 'delete-queue': 'DeleteQueue' };
if (service !== 'sqs' || !ACTIONS[verb] || flag !== '--queue-url') {
  process.stderr.write(`aws: this stand-in does not know ${process.argv.slice(2).join(' ')}\n`);
  process.exit(252);
}
const answer = await fetch(process.env.AWS_ENDPOINT_URL, {
  method: 'POST',
  headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${ACTIONS[verb]}` },
  body: JSON.stringify({ QueueUrl: queueUrl }),
});
if (!answer.ok) {
  process.stderr.write(`${await answer.text()}\n`);
  process.exit(254);
}
