/** Events of queues and streams, as Lambda hands them over. */

interface FifoMessage {
  readonly id: string;
  readonly group: string;
  readonly body: string;
  /** Milliseconds since the epoch; now where absent. */
  readonly sentAt?: string;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-fifo-message-event */
export const fifoEvent = (messages: readonly FifoMessage[]) => ({
  Records: messages.map(({ id, group, body, sentAt = String(Date.now()) }) => ({
    messageId: id,
    body,
    attributes: { SentTimestamp: sentAt, MessageGroupId: group },
    messageAttributes: {},
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:us-east-1:123456789012:orders.fifo",
  })),
});

interface ShardRecord {
  readonly sequence: string;
  readonly key: string;
  readonly data: string;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html#services-kinesis-event-example */
export const streamEvent = (records: readonly ShardRecord[]) => ({
  Records: records.map(({ sequence, key, data }) => ({
    kinesis: {
      partitionKey: key,
      sequenceNumber: sequence,
      data: Buffer.from(data).toString("base64"),
      approximateArrivalTimestamp: Date.now() / 1_000,
    },
    eventID: `shardId-000000000000:${sequence}`,
    eventSource: "aws:kinesis",
    eventSourceARN: "arn:aws:kinesis:us-east-1:123456789012:stream/orders",
  })),
});
