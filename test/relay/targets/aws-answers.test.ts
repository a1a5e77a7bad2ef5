/** What the answers of AWS mean to its targets, whatever AWS says. */
import { createServer } from "node:http";
import { beforeAll, describe, expect, test } from "vitest";
import { dynamodb } from "../../../lib/targets/dynamodb.js";
import { lambda } from "../../../lib/targets/lambda.js";
import { sqs } from "../../../lib/targets/sqs.js";
import { delivery, soon, verdictOf } from "../../support/relay/deliveries.js";
import { openTarget } from "../../support/targets/opened-target.js";

describe("whatever AWS says", () => {
  /** A service that answers every call the same. */
  async function stub(status: number, body: string, headers: Record<string, string> = {}) {
    const server = createServer((request, response) => {
      request.resume().on("end", () => response.writeHead(status, { "content-type": "application/x-amz-json-1.0", ...headers }).end(body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    return { endpoint: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`, close: () => server.close() };
  }
  beforeAll(() => {
    process.env.AWS_ACCESS_KEY_ID ??= "test";
    process.env.AWS_SECRET_ACCESS_KEY ??= "test";
  });

  test.each([
    [400, "ProvisionedThroughputExceededException", "target: target-busy"],
    [400, "ThrottlingException", "target: target-busy"],
    [400, "ValidationException", "record: record-refused"],
    [400, "AccessDeniedException", "target: target-refused"],
    [400, "ExpiredTokenException", "target: target-refused"],
    [500, "InternalServerError", "target: target-failed"],
    [503, "ServiceUnavailable", "target: target-busy"],
    [400, "ConditionalCheckFailedException", "delivered"],
  ])("DynamoDB's %i %s is %s", async (status, name, verdict) => {
    const service = await stub(status, JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: "why" }));
    const target = await openTarget(dynamodb({ table: "t", key: ["id"], endpoint: service.endpoint }));
    expect((await target.deliver([delivery({ value: { id: "a" } })], soon())).map(verdictOf)).toEqual([verdict]);
    service.close();
  });

  test.each([
    [{ body: { Failed: [{ Id: "0", SenderFault: true, Code: "InvalidMessageContents" }] } }, "record: record-refused"],
    [{ body: { Failed: [{ Id: "0", SenderFault: false, Code: "InternalError" }] } }, "target: target-failed"],
    [{ body: { Failed: [{ Id: "0", SenderFault: true, Code: "RequestThrottled" }] } }, "target: target-busy"],
    [{ body: {} }, "target: target-failed"],
  ])("of one entry of SQS, %j is %s", async ({ body }, verdict) => {
    const service = await stub(200, JSON.stringify(body));
    const target = await openTarget(sqs({ queueUrl: `${service.endpoint}/0/q`, endpoint: service.endpoint }));
    expect((await target.deliver([delivery({ value: "a" })], soon())).map(verdictOf)).toEqual([verdict]);
    service.close();
  });

  test("a function's answer is the verdict of its invocation", async () => {
    const good = await stub(200, '"done"');
    const bad = await stub(200, '{"errorMessage":"boom"}', { "x-amz-function-error": "Unhandled" });
    const busy = await stub(429, '{"Reason":"x"}', { "x-amzn-errortype": "TooManyRequestsException" });
    const large = await stub(413, "{}", { "x-amzn-errortype": "RequestTooLargeException" });
    const verdicts = [];
    for (const service of [good, bad, busy, large]) {
      const target = await openTarget(lambda({ functionName: "f", endpoint: service.endpoint }));
      verdicts.push(...(await target.deliver([delivery()], soon())).map(verdictOf));
      service.close();
    }
    expect(verdicts).toEqual(["delivered", "target: target-failed", "target: target-busy", "record: record-refused"]);
  });

  test("a service that is not there, or does not answer, is the target's failure within its time", async () => {
    const gone = await stub(200, "");
    gone.close();
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const address = silent.address();
    const silentEndpoint = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
    const target = await openTarget(lambda({ functionName: "f", endpoint: gone.endpoint }));
    expect((await target.deliver([delivery()], soon())).map(verdictOf)).toEqual(["target: target-failed"]);
    const slow = await openTarget(lambda({ functionName: "f", endpoint: silentEndpoint, timeoutMs: 200 }));
    expect((await slow.deliver([delivery()], soon())).map(verdictOf)).toEqual(["target: target-timeout"]);
    silent.closeAllConnections();
    silent.close();
  });
});
