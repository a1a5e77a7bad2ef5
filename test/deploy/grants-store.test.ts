/** Grants in S3, DynamoDB and AppConfig, on an emulated AWS: read with the first call, changed without a deployment, and kept where a later document is not valid. */
import { CreateTableCommand, DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { parseConfig } from "../../lib/config.js";
import { httpApi } from "../../lib/http/hosts/http-api.js";
import { operation } from "../../lib/http/operation.js";
import { startMiniStack } from "../support/targets/ministack.js";

const caller = "arn:aws:iam::000000000000:user/ada";
const grants = (may: string) => JSON.stringify([{ who: [caller], may: [may] }]);
const reloadMs = 60_000;

const aws = await startMiniStack("test/deploy: grants in S3, DynamoDB and AppConfig");
const s3 = aws === undefined ? undefined : new S3Client({ ...aws.client, forcePathStyle: true });
const dynamoDb = aws === undefined ? undefined : new DynamoDBClient(aws.client);

/** AppConfig's control plane, without its client: https://docs.aws.amazon.com/appconfig/2019-10-09/APIReference/Welcome.html */
async function appConfig(path: string, body: unknown): Promise<{ readonly Id: string; readonly VersionNumber: number }> {
  const isText = typeof body === "string";
  const answer = await fetch(`${aws?.endpoint}${path}`, {
    method: "POST",
    headers: {
      authorization: "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/appconfig/aws4_request, SignedHeaders=host, Signature=0",
      "content-type": "application/json",
    },
    body: isText ? body : JSON.stringify(body),
  });
  const id = { VersionNumber: Number(answer.headers.get("version-number") ?? 1) };
  return { ...id, ...(isText ? {} : ((await answer.json()) as object)) } as { readonly Id: string; readonly VersionNumber: number };
}

let profile = { application: "", environment: "", id: "", strategy: "" };

interface Store {
  readonly name: string;
  readonly address: () => string;
  readonly write: (document: string) => Promise<unknown>;
}

const stores: readonly Store[] = [
  {
    name: "S3",
    address: () => "s3://kafka-grants/prod/grants.json",
    write: (Body) => s3?.send(new PutObjectCommand({ Bucket: "kafka-grants", Key: "prod/grants.json", Body })) as Promise<unknown>,
  },
  {
    name: "DynamoDB",
    address: () => "dynamodb://kafka-grants/prod",
    write: (text) =>
      dynamoDb?.send(
        new PutItemCommand({ TableName: "kafka-grants", Item: { id: { S: "prod" }, grants: { S: text } } }),
      ) as Promise<unknown>,
  },
  {
    name: "AppConfig",
    address: () => `appconfig://${profile.application}/${profile.environment}/${profile.id}`,
    write: async (document) => {
      const { application, environment, id, strategy } = profile;
      const { VersionNumber } = await appConfig(
        `/applications/${application}/configurationprofiles/${id}/hostedconfigurationversions`,
        document,
      );
      await appConfig(`/applications/${application}/environments/${environment}/deployments`, {
        ConfigurationProfileId: id,
        ConfigurationVersion: String(VersionNumber),
        DeploymentStrategyId: strategy,
      });
    },
  },
];

beforeAll(async () => {
  if (aws === undefined) return;
  process.env.AWS_ENDPOINT_URL = aws.endpoint;
  await s3?.send(new CreateBucketCommand({ Bucket: "kafka-grants" }));
  await dynamoDb?.send(
    new CreateTableCommand({
      TableName: "kafka-grants",
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      BillingMode: "PAY_PER_REQUEST",
    }),
  );
  const { Id: application } = await appConfig("/applications", { Name: "kafka-relay" });
  const { Id: environment } = await appConfig(`/applications/${application}/environments`, { Name: "prod" });
  const { Id: id } = await appConfig(`/applications/${application}/configurationprofiles`, { Name: "grants", LocationUri: "hosted" });
  const { Id: strategy } = await appConfig("/deploymentstrategies", {
    Name: "at-once",
    DeploymentDurationInMinutes: 0,
    GrowthFactor: 100,
    FinalBakeTimeInMinutes: 0,
    ReplicateTo: "NONE",
  });
  profile = { application, environment, id, strategy };
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  delete process.env.AWS_ENDPOINT_URL;
  s3?.destroy();
  dynamoDb?.destroy();
  await aws?.stop();
});

/** A function of the API, as deployed, whose grants are at the address. */
function functionWith(address: string) {
  const operations = {
    "GET /looked-at": operation({
      may: "topic:describe",
      summary: "Needs a permission.",
      answers: { 200: null },
      run: async () => ({ status: 200, body: {} }),
    }),
  };
  const lines: Record<string, unknown>[] = [];
  const handler = httpApi(operations, {
    config: parseConfig({ RELAY_ACCESS_GRANTS_FROM: address, RELAY_METRICS: "off" }),
    telemetry: { log: (level, message, fields) => lines.push({ level, message, ...fields }), metrics: () => {} },
    log: () => {},
  });
  const event = {
    version: "2.0",
    routeKey: "GET /looked-at",
    rawPath: "/looked-at",
    headers: {},
    requestContext: { http: { method: "GET" }, authorizer: { iam: { userArn: caller } } },
  };
  const ask = async () => {
    const { statusCode, body = "" } = await handler(event as never, { getRemainingTimeInMillis: () => 20_000 });
    return { statusCode, message: (JSON.parse(body || "{}") as { readonly message?: string }).message ?? "" };
  };
  return { ask, lines };
}

/** Moves the clock forward. */
function later(ms: number): void {
  vi.spyOn(Date, "now").mockImplementation(() => clock() + ms);
}

const clock = Date.now.bind(Date);

const onAws = aws === undefined ? describe.skip : describe;

onAws.each(stores)("in $name", ({ address, write }) => {
  test("a changed document applies after the named time, and one that is not valid leaves the last one in force", async () => {
    await write(grants("topic:*"));
    const { ask, lines } = functionWith(address());
    const first = await ask();
    await write(grants("record:read"));
    const early = await ask();
    later(reloadMs);
    const revoked = await ask();
    await write('[{"who":["x"],"may":["topic:fly"]}]');
    later(2 * reloadMs);
    const broken = await ask();

    expect([first.statusCode, early.statusCode, revoked.statusCode, broken.statusCode]).toEqual([200, 200, 403, 403]);
    expect(lines.map(({ message }) => message)).toEqual(["grants read", "grants read", "grants not read"]);
    expect(lines.at(-1)?.reason).toContain(`${address()}[0].may[0]: "topic:fly" is not a permission`);
  });
});

(aws === undefined ? test.skip : test).each([
  ["s3://kafka-grants/nowhere.json", "NoSuchKey"],
  ["s3://no-such-bucket-here/grants.json", "NoSuchBucket"],
  ["dynamodb://kafka-grants/nowhere", "does not exist"],
  ["dynamodb://no-such-table/prod", "ResourceNotFoundException"],
  ["appconfig://abcd123/abcd123/abcd123", ""],
])("without a document at %s every call is refused, and the log says what is missing", async (address, reason) => {
  const { ask, lines } = functionWith(address);
  const { statusCode } = await ask();

  expect([500, 503]).toContain(statusCode);
  expect(lines).toMatchObject([{ level: "error", message: "grants not read", place: address }]);
  expect(lines[0]?.reason).toContain(reason);
});
