/**
 * The whole way onto AWS and off again, by the commands that people type, on an emulated AWS (MiniStack): deploy, call, invoke, deploy again, remove.
 * What the emulator does not do - read Kafka by a mapping, check signatures and policies, join a VPC - is held by assertions on the template in test/package.
 */
import { spawnSync } from "node:child_process";
import { request } from "node:http";
import { join } from "node:path";
import { GetFunctionConfigurationCommand, InvokeCommand, LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deployedFunctions, projectFolder } from "../../local/build/service-map.js";
import { uniqueName } from "../support/broker/unique-names.js";
import { type MiniStack, startMiniStack } from "../support/targets/ministack.js";

const stage = "trial";
const commandTimeoutMs = 300_000;
const caller = "arn:aws:iam::000000000000:root";
/** The emulator takes the caller from the key and does not check the signature. */
const signed = {
  authorization: "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/execute-api/aws4_request, SignedHeaders=host, Signature=0",
};

const aws = await startMiniStack("test/deploy: deploying to an emulated AWS");
let lambda: LambdaClient;
let apiUrl = "";
let clusterId = "";

beforeAll(() => {
  if (aws !== undefined) lambda = new LambdaClient(aws.client);
});
afterAll(async () => {
  lambda?.destroy();
  await aws?.stop();
});

const onAws = aws === undefined ? test.skip : test;

onAws("npm run deploy brings every function up", () => {
  const { status, output } = deploy(aws as MiniStack);

  expect(status, output).toBe(0);
  const id = /https:\/\/(\w+)\.execute-api/.exec(output)?.[1];
  apiUrl = `${aws?.endpoint}/_aws/execute-api/${id}/$default`;
});

onAws("a call that nobody signed does not get to a function", async () => {
  for (const path of ["/health", "/topics", "/openapi.json", "/nowhere"])
    expect((await call("GET", path, undefined, { headers: {} })).status, path).toBe(403);
});

onAws("a signed call is answered as its caller's grants say", async () => {
  const health = await call("GET", "/health");
  const acls = await call("GET", "/v3/clusters/x/acls");

  expect(health).toMatchObject({ status: 200, json: { status: "up", kafka: { status: "up" } } });
  clusterId = health.json.kafka.cluster_id;
  expect(acls).toMatchObject({ status: 403, json: { message: `${caller} may not acl:describe.` } });
});

onAws("records go in by the deployed API and come out of it", async () => {
  const topic = uniqueName("deployed");
  const created = await call("POST", `/v3/clusters/${clusterId}/topics`, { topic_name: topic, partitions_count: 1 });

  const produced = await call(
    "POST",
    `/topics/${topic}`,
    { records: [{ key: "a", value: { n: 1 } }] },
    { contentType: "application/vnd.kafka.json.v2+json" },
  );
  const read = await call("GET", `/topics/${topic}/records?from=beginning`);
  await call("DELETE", `/v3/clusters/${clusterId}/topics/${topic}`);

  expect([created.status, produced.status, read.status]).toEqual([201, 200, 200]);
  expect(produced.json.offsets).toMatchObject([{ partition: 0, offset: 0 }]);
  expect(JSON.stringify(read.json)).toContain('"n":1');
});

onAws("a route that is handed the event of an MSK mapping relays its records", async () => {
  const id = uniqueName("quake");
  await call("POST", `/v3/clusters/${clusterId}/topics`, { topic_name: "strong-earthquakes", partitions_count: 1 });
  const quake = { id, properties: { mag: 6, place: "here", time: 0, type: "earthquake", dmin: 1 }, geometry: { coordinates: [1, 2, 3] } };

  const answer = await lambda.send(
    new InvokeCommand({ FunctionName: `kafka-relay-${stage}-strongQuakes`, Payload: Buffer.from(JSON.stringify(mskEvent(quake))) }),
  );
  const read = await call("GET", "/topics/strong-earthquakes/records?from=beginning");

  expect(answer.FunctionError, Buffer.from(answer.Payload ?? []).toString()).toBeUndefined();
  expect(JSON.stringify(read.json)).toContain(id);
});

onAws("deployed again with other parameters, the same functions run with them", async () => {
  const { status, output } = deploy(aws as MiniStack, ["--param", "logLevel=debug"]);
  const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: `kafka-relay-${stage}-produce` }));

  expect(status, output).toBe(0);
  expect(Environment?.Variables?.RELAY_LOG_LEVEL).toBe("debug");
  expect((await call("GET", "/health")).status).toBe(200);
  expect((await functionNames()).length).toBe(deployedFunctions().length);
});

onAws("a change that Lambda would refuse is found by comparing the deployed template, and nothing is sent", async () => {
  const { status, output } = deploy(aws as MiniStack, ["--param", "groupPrefix=renamed-"]);

  expect(status, output).toBe(1);
  expect(output).toContain(`The stack kafka-relay-${stage} cannot be updated in one step`);
  expect(output).toContain(`from kafka-relay-${stage}-strong-quakes to renamed-strong-quakes`);
});

onAws("a second stage comes up beside the first, with functions of its own, and goes without it", async () => {
  const { status, output } = deploy(aws as MiniStack, [], "second");
  const second = await functionNames("second");
  const removed = run(aws as MiniStack, ["node_modules/serverless/bin/serverless.js", "remove", "--stage", "second"]);

  expect(status, output).toBe(0);
  expect(second.length).toBe(deployedFunctions().length);
  expect(removed.status, removed.output).toBe(0);
  expect(await functionNames("second")).toEqual([]);
  expect((await functionNames()).length).toBe(deployedFunctions().length);
  expect((await call("GET", "/health")).status).toBe(200);
});

onAws("removed, nothing of it is left", async () => {
  const { status, output } = run(aws as MiniStack, ["node_modules/serverless/bin/serverless.js", "remove", "--stage", stage]);

  expect(status, output).toBe(0);
  expect(await functionNames()).toEqual([]);
});

test("what would not work is refused before anything is sent", () => {
  const nowhere = { endpoint: "http://127.0.0.1:1" } as MiniStack;

  const unnamed = run(nowhere, ["node_modules/tsx/dist/cli.mjs", "local/build/deploy.ts"]);
  const bare = run(nowhere, ["node_modules/tsx/dist/cli.mjs", "local/build/deploy.ts", "--stage", "prod"]);

  expect([unnamed.status, bare.status]).toEqual([2, 1]);
  expect(unnamed.output).toContain("name a stage");
  for (const parameter of ["clusterArn:", "subnets:", "securityGroups:"]) expect(bare.output).toContain(parameter);
});

function deploy(emulated: MiniStack, more: readonly string[] = [], ofStage = stage) {
  const parameters = {
    clusterArn: "arn:aws:kafka:us-east-1:000000000000:cluster/trial/11111111-1111-1111-1111-111111111111-1",
    subnets: "subnet-0a1b2c3d4e5f60718",
    securityGroups: "sg-0a1b2c3d4e5f60718",
    kafkaAuthentication: "none",
    brokers: process.env.KAFKA_BROKERS ?? "",
    grants: JSON.stringify([{ who: [caller], may: ["record:*", "topic:*", "service:describe"] }]),
  };
  const given = Object.entries(parameters).flatMap(([name, value]) => ["--param", `${name}=${value}`]);
  return run(emulated, ["node_modules/tsx/dist/cli.mjs", "local/build/deploy.ts", "--stage", ofStage, ...given, ...more]);
}

function run({ endpoint }: MiniStack, [program = "", ...args]: readonly string[]) {
  const { PATH, HOME } = process.env;
  const result = spawnSync(process.execPath, [join(projectFolder, program), ...args], {
    cwd: projectFolder,
    encoding: "utf8",
    timeout: commandTimeoutMs,
    env: {
      PATH,
      HOME,
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_REGION: "us-east-1",
      SLS_NOTIFICATIONS_MODE: "off",
      SLS_TELEMETRY_DISABLED: "1",
    },
  });
  return { status: result.status, output: `${result.stdout}${result.stderr}` };
}

/** On a connection of its own: commands block this process for longer than the emulator keeps one. */
async function call(method: string, path: string, body?: unknown, { contentType = "application/json", headers = signed as object } = {}) {
  const text = await new Promise<{ readonly status: number; readonly body: string }>((resolve, reject) => {
    const outgoing = request(`${apiUrl}${path}`, {
      method,
      agent: false,
      headers: { ...headers, ...(body === undefined ? {} : { "content-type": contentType }) },
    });
    outgoing.once("error", reject).once("response", (response) => {
      let received = "";
      response.on("data", (chunk: Buffer) => (received += chunk.toString("utf8")));
      response.once("end", () => resolve({ status: response.statusCode ?? 0, body: received }));
    });
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
  // biome-ignore lint/suspicious/noExplicitAny: answers of several shapes
  return { status: text.status, json: (text.body === "" ? undefined : JSON.parse(text.body)) as any };
}

async function functionNames(ofStage = stage): Promise<readonly (string | undefined)[]> {
  const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
  return Functions.map(({ FunctionName }) => FunctionName).filter((name) => name?.startsWith(`kafka-relay-${ofStage}-`));
}

/** https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html */
function mskEvent(value: unknown) {
  return {
    eventSource: "aws:kafka",
    eventSourceArn: "arn:aws:kafka:us-east-1:000000000000:cluster/trial/11111111-1111-1111-1111-111111111111-1",
    bootstrapServers: "",
    records: {
      "earthquakes-0": [
        {
          topic: "earthquakes",
          partition: 0,
          offset: 0,
          timestamp: 0,
          timestampType: "CREATE_TIME",
          value: Buffer.from(JSON.stringify(value)).toString("base64"),
          headers: [],
        },
      ],
    },
  };
}
