/** What the events of sources name, in an emulated AWS. */
import { expect, test } from "vitest";
import { readOf } from "../../../local/sources/declared-sources.js";

const region = "us-east-1";
const arnOf = (id: string, attribute = "Arn") => ({ "Fn::GetAtt": [id, attribute] });

test("an ARN is read as it is, and names the queue or stream that has to be there", () => {
  const [queue, stream] = ["arn:aws:sqs:us-east-1:1:orders.fifo", "arn:aws:kinesis:us-east-1:1:stream/orders"];
  const table = "arn:aws:dynamodb:us-east-1:1:table/orders/stream/2026-01-01T00:00:00.000";

  expect(readOf(queue, {}, region)).toEqual({ arn: queue, resource: { kind: "queue", name: "orders.fifo", isFifo: true } });
  expect(readOf(stream, {}, region)).toEqual({ arn: stream, resource: { kind: "stream", name: "orders" } });
  expect(readOf(table, {}, region)).toEqual({ arn: table, resource: undefined });
});

test("a resource of serverless.yml is read by its name, or by its logical id where it has none", () => {
  const resources = {
    Orders: { Type: "AWS::SQS::Queue" },
    Ordered: { Type: "AWS::SQS::Queue", Properties: { QueueName: "ordered", FifoQueue: true } },
    Clicks: { Type: "AWS::Kinesis::Stream", Properties: { Name: "clicks" } },
    Table: { Type: "AWS::DynamoDB::Table", Properties: { TableName: "t", KeySchema: [] } },
  };
  const read = (id: string, attribute?: string) => readOf(arnOf(id, attribute), resources, region);

  expect(read("Orders")).toMatchObject({ arn: "arn:aws:sqs:us-east-1:000000000000:Orders" });
  expect(read("Ordered")).toMatchObject({ arn: "arn:aws:sqs:us-east-1:000000000000:ordered.fifo", resource: { isFifo: true } });
  expect(read("Clicks")).toMatchObject({ arn: "arn:aws:kinesis:us-east-1:000000000000:stream/clicks" });
  expect(read("Table", "StreamArn")).toEqual({ resource: { kind: "table", name: "t", properties: { TableName: "t", KeySchema: [] } } });
});

test("what cannot be read here is named", () => {
  const bucket = { Bucket: { Type: "AWS::S3::Bucket" } };

  expect(readOf(arnOf("Missing"), bucket, region)).toEqual({ fault: expect.stringContaining("neither a text nor a resource") });
  expect(readOf(arnOf("Bucket"), bucket, region)).toEqual({ fault: expect.stringContaining("AWS::S3::Bucket, which is not read here") });
});
