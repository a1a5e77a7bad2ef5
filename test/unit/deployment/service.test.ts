/** What a deployment makes of the service before the framework packages it: faults in one list, variables, roles, authorizers. */
import { expect, test } from "vitest";
import { prepareDeployment, prepareStart } from "../../../local/build/deployment/deployment.js";
import { parameterValues } from "../../../local/build/deployment/parameter-defaults.js";
import type { Service, ServiceFunction } from "../../../local/build/deployment/service.js";
import { projectFolder } from "../../../local/build/service-map.js";
import { settingsOfDeployment } from "../../../local/plugin/stage-values.js";

const complete = {
  ...settingsOfDeployment(parameterValues([], {}), true),
  clusterArn: "arn:aws:kafka:eu-central-1:123456789012:cluster/prod/11111111-1111-1111-1111-111111111111-1",
  subnets: "subnet-0a1b2c3d",
  securityGroups: "sg-0a1b2c3d",
};

function serviceOf(given: object, msk: object = {}): Service & { readonly functions: Record<string, ServiceFunction> } {
  const functions: Record<string, ServiceFunction> = {
    produce: {
      handler: "functions/produce.handler",
      name: "p",
      reservedConcurrency: 50,
      events: [{ httpApi: "POST /topics/{topic}" }, { httpApi: "*" }],
    },
    strongQuakes: {
      handler: "functions/routes/strong-quakes.handler",
      name: "s",
      events: [{ msk: { topic: "earthquakes", consumerGroupId: "g", ...msk } }],
    },
  };
  return {
    functions,
    custom: { deployment: { ...complete, ...given } },
    provider: { environment: {} },
    getAllFunctions: () => Object.keys(functions),
    getFunction: (key) => functions[key] as ServiceFunction,
  };
}

const secretArn = (name: string) => `arn:aws:secretsmanager:eu-central-1:123456789012:secret:AmazonMSK_${name}`;

const faultsOf = async (given: object, msk: object = {}): Promise<readonly string[]> => {
  const prepared = await prepareDeployment(serviceOf(given, msk), projectFolder);
  return "faults" in prepared ? prepared.faults : [];
};

test.each([
  ["an invalid cluster", { clusterArn: "arn:aws:kafka:nowhere" }, "clusterArn: must be the ARN"],
  ["invalid subnets", { subnets: "subnet-1;subnet-2" }, "subnets: must be a comma-separated list"],
  ["scram without its secret", { kafkaAuthentication: "scram" }, "kafkaSecret:"],
  ["a secret without scram", { kafkaSecret: "arn:aws:secretsmanager:eu-central-1:123456789012:secret:AmazonMSK_x" }, "kafkaSecret:"],
  [
    "a secret per function that is not written as one",
    { kafkaAuthentication: "scram", kafkaSecrets: "produce" },
    "kafkaSecrets: must be a",
  ],
  [
    "a secret per function without scram",
    { kafkaSecrets: `produce=${secretArn("produce")}` },
    "kafkaSecrets: requires kafkaAuthentication",
  ],
  [
    "a secret for a function that does not exist",
    { kafkaAuthentication: "scram", kafkaSecret: secretArn("all"), kafkaSecrets: `prodcue=${secretArn("produce")}` },
    "kafkaSecrets: there is a secret for prodcue, but no such function",
  ],
  [
    "secrets for some functions only",
    { kafkaAuthentication: "scram", kafkaSecrets: `produce=${secretArn("produce")}` },
    "kafkaSecrets: strongQuakes have no secret",
  ],
  ["an unknown authorizer", { authorizer: "off" }, "authorizer: must be one of iam, jwt, none"],
  ["tokens without an issuer", { authorizer: "jwt", jwtAudience: "a" }, "jwtIssuer:"],
  ["every origin with signed calls", { corsOrigins: "*" }, "corsOrigins:"],
  ["grants that are not JSON", { grants: "everybody" }, "grants: RELAY_ACCESS_GRANTS is not valid JSON"],
  ["grants of a permission there is not", { grants: '[{"who":["a"],"may":["record:wirte"]}]' }, "grants: RELAY_ACCESS_GRANTS[0].may[0]"],
  [
    "grants too large for Lambda",
    {
      grants: JSON.stringify([{ who: ["a".repeat(299)], may: Array(90).fill("dead-letter:redrive"), on: Array(30).fill("a".repeat(50)) }]),
    },
    "but Lambda's variables have room for 3000",
  ],
  ["a grants file that is not there", { grantsFile: "nowhere.json" }, "grantsFile: the file nowhere.json does not exist"],
  ["an invalid rate", { throttleRate: "fast" }, "throttleRate:"],
])("%s is refused", async (_, given, fault) => {
  expect(await faultsOf(given)).toEqual([expect.stringContaining(fault)]);
});

test.each([
  ["a connection string with a password", { QUAKES_DATABASE_URL: "postgres://relay:s3cret@db.example.com/quakes" }, "QUAKES_DATABASE_URL"],
  ["a secret by its name", { QUAKES_WEBHOOK_SECRET: "whsec_c2VjcmV0" }, "QUAKES_WEBHOOK_SECRET"],
  ["a password of the brokers", { KAFKA_SASL_PASSWORD: "s3cret" }, "KAFKA_SASL_PASSWORD"],
  ["a private key", { SERVICE_IDENTITY: "-----BEGIN PRIVATE KEY-----\nAAAA" }, "SERVICE_IDENTITY"],
])("%s in a variable is refused, and not shown", async (_, environment, name) => {
  for (const place of ["function", "provider"]) {
    const service = serviceOf({});
    if (place === "provider") service.provider.environment = environment as unknown as Record<string, string>;
    else service.functions.strongQuakes = { ...service.functions.strongQuakes, environment } as unknown as ServiceFunction;
    const prepared = await prepareDeployment(service, projectFolder);

    expect(prepared).toEqual({ faults: [expect.stringContaining(`its variable ${name} contains a secret in plain text`)] });
    expect(JSON.stringify(prepared)).not.toMatch(/s3cret|c2VjcmV0|AAAA/);
  }
});

test.each([
  ["an ARN", { QUAKES_WEBHOOK_SECRET: secretArn("webhook") }],
  ["an ARN in place of a connection string", { QUAKES_DATABASE_URL: secretArn("database") }],
  ["an address without a password", { QUAKES_WEBHOOK_URL: "https://hooks.example.com/quakes" }],
  ["a claim's name", { RELAY_JWT_SCOPE_CLAIMS: "scope" }],
])("%s in a variable is accepted", async (_, environment) => {
  const service = serviceOf({});
  service.functions.strongQuakes = { ...service.functions.strongQuakes, environment } as unknown as ServiceFunction;

  expect(await prepareDeployment(service, projectFolder)).toHaveProperty("deployment");
});

test("the region is the cluster's, and another one is refused", async () => {
  const service = serviceOf({});
  await prepareDeployment(service, projectFolder, "eu-central-1");

  expect(service.provider.region).toBe("eu-central-1");
  expect(await prepareDeployment(serviceOf({}), projectFolder, "us-east-1")).toEqual({
    faults: [expect.stringContaining("region: the cluster is in eu-central-1, but --region or AWS_REGION is us-east-1")],
  });
});

test("what allows everybody everything is not deployed", async () => {
  const service = serviceOf({});
  service.provider.environment = { RELAY_ACCESS: "everything" };

  expect(await prepareDeployment(service, projectFolder)).toEqual({
    faults: [expect.stringContaining("everything is only for the laptop")],
  });
});

test("a route whose mapping would lose records is refused, at a deployment and at a start", async () => {
  const fault = [expect.stringContaining("function strongQuakes: maximumRetryAttempts: 5 would drop a batch")];

  expect(await faultsOf({}, { maximumRetryAttempts: 5 })).toEqual(fault);
  expect(prepareStart(serviceOf({}, { maximumRetryAttempts: 5 }))).toEqual(fault);
});

test("the same rules apply to overrides of a route's mapping in resources.extensions", async () => {
  const extensions = { StrongQuakesEventSourceMappingMSKProdEarthquakes: { Properties: { MaximumRecordAgeInSeconds: 60 } } };
  const service = { ...serviceOf({}), resources: { extensions } };
  const fault = expect.stringContaining("function strongQuakes: maximumRecordAgeInSeconds: 60 would drop records because of their age");

  expect(prepareStart(service)).toEqual([fault]);
  expect(await prepareDeployment(service, projectFolder)).toEqual({ faults: [fault] });
});

test("a route knows that its mapping accepts partial responses, and then tries without end", async () => {
  const mapping = { functionResponseTypes: ["ReportBatchItemFailures"], provisionedPollerConfig: { minimumPollers: 1, maximumPollers: 2 } };
  const service = serviceOf({}, mapping);
  await prepareDeployment(service, projectFolder);
  const local = serviceOf({}, mapping);
  prepareStart(local);

  expect(service.functions.strongQuakes?.environment).toEqual({ RELAY_PARTIAL_RESPONSES: "true" });
  expect(service.functions.strongQuakes?.events?.[0]?.msk?.maximumRetryAttempts).toBe(-1);
  expect(local.functions.strongQuakes?.environment).toEqual({ RELAY_PARTIAL_RESPONSES: "true" });
});

test("brokers that want a password have it by its secret, in functions and in mappings", async () => {
  const kafkaSecret = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:AmazonMSK_relay";
  const service = serviceOf({ kafkaAuthentication: "scram", kafkaSecret });
  await prepareDeployment(service, projectFolder);

  expect(service.provider.environment).toMatchObject({ KAFKA_SASL_MECHANISM: "scram-sha-512", KAFKA_SASL_SECRET_ARN: kafkaSecret });
  expect(service.functions.strongQuakes?.events?.[0]?.msk?.saslScram512).toBe(kafkaSecret);
});

test("a function with a secret of its own signs in with it, its mapping too, and the others with the shared one", async () => {
  const kafkaSecrets = `strongQuakes=${secretArn("quakes")}, produce=${secretArn("produce")}`;
  const service = serviceOf({ kafkaAuthentication: "scram", kafkaSecrets, kafkaSecret: secretArn("all") });
  service.functions.records = { handler: "functions/records.handler", name: "r" };
  await prepareDeployment(service, projectFolder);

  expect(service.functions.produce?.environment).toEqual({ KAFKA_SASL_SECRET_ARN: secretArn("produce") });
  expect(service.functions.strongQuakes?.events?.[0]?.msk?.saslScram512).toBe(secretArn("quakes"));
  expect(service.functions.records?.environment).toBeUndefined();
  expect(service.provider.environment?.KAFKA_SASL_SECRET_ARN).toBe(secretArn("all"));
});

test.each(["iam", "none", "tls"])(
  "with the authentication %s, functions of the API know the prefix that confines them, and routes do not",
  async (kafkaAuthentication) => {
    const service = serviceOf({ kafkaAuthentication, topicPrefix: "team-a." });
    await prepareDeployment(service, projectFolder);

    expect(service.functions.produce?.environment).toEqual({ RELAY_TOPIC_PREFIX: "team-a." });
    expect(service.functions.strongQuakes?.environment).toBeUndefined();
  },
);

test.each([
  ["iam", { type: "aws_iam" }],
  ["jwt", { name: "jwt" }],
])("each call is given the authorizer %s, whatever way it is written", async (authorizer, expected) => {
  const service = serviceOf({ authorizer, ...(authorizer === "jwt" ? { jwtIssuer: "https://a.example", jwtAudience: "b" } : {}) });
  await prepareDeployment(service, projectFolder);

  expect(service.functions.produce?.events).toEqual([
    { httpApi: { method: "POST", path: "/topics/{topic}", authorizer: expected } },
    { httpApi: { path: "*", authorizer: expected } },
  ]);
});

test("without an authorizer nothing checks the calls, and a warning says so", async () => {
  const prepared = await prepareDeployment(serviceOf({ authorizer: "none" }), projectFolder);

  expect("warnings" in prepared && prepared.warnings.join()).toContain("authorizer is none");
});

test("the environments of the function that produces are a parameter", async () => {
  const service = serviceOf({ produceConcurrency: "200" });
  await prepareDeployment(service, projectFolder);

  expect(service.functions.produce?.reservedConcurrency).toBe(200);
  expect(await faultsOf({ produceConcurrency: "many" })).toEqual([expect.stringContaining("produceConcurrency: must be a whole number")]);
});

test("an account with little concurrency reserves none", async () => {
  const service = serviceOf({ reservedConcurrency: "off" });
  await prepareDeployment(service, projectFolder);

  expect(service.functions.produce).not.toHaveProperty("reservedConcurrency");
});

test("the function that redrives to routes knows which topics each route reads, deployed and on the laptop", async () => {
  const withDeadLetters = () => {
    const service = serviceOf({});
    service.functions.deadLetters = {
      handler: "functions/dead-letters.handler",
      name: "d",
      environment: { RELAY_FUNCTION_PREFIX: "relay-prod-" },
    };
    return service;
  };
  const [deployed, local] = [withDeadLetters(), withDeadLetters()];
  await prepareDeployment(deployed, projectFolder);
  prepareStart(local);

  for (const { functions } of [deployed, local]) {
    expect(functions.deadLetters?.environment?.RELAY_ROUTES).toBe("strong-quakes=earthquakes");
    expect(functions.produce?.environment).toBeUndefined();
  }
});

test("the schema registry is in the variables of the functions that handle content, as references to its secret", async () => {
  const secret = secretArn("registry");
  const service = serviceOf({ schemaRegistryUrl: "https://schemas.example.com", schemaRegistrySecret: secret, glueRegistry: "shop" });
  service.functions.topics = { handler: "functions/topics.handler", name: "t", events: [{ httpApi: "GET /topics" }] };
  const prepared = await prepareDeployment(service, projectFolder);

  expect("faults" in prepared ? prepared.faults : []).toEqual([]);
  const variables = {
    SCHEMA_REGISTRY_URL: "https://schemas.example.com",
    SCHEMA_REGISTRY_USERNAME: `${secret}#username`,
    SCHEMA_REGISTRY_PASSWORD: `${secret}#password`,
    GLUE_REGISTRY: "shop",
  };
  expect(service.functions.produce?.environment).toMatchObject(variables);
  expect(service.functions.strongQuakes?.environment).toMatchObject(variables);
  expect(Object.keys(service.functions.topics.environment ?? {})).not.toContain("SCHEMA_REGISTRY_URL");
  const egress = "deployment" in prepared ? prepared.deployment.egress : [];
  expect(egress.filter(({ functionKey }) => functionKey === "produce").map(({ what }) => what)).toEqual(
    expect.arrayContaining(["schema registry schemas.example.com", "AWS: glue", "AWS: secretsmanager"]),
  );
  expect(egress.filter(({ functionKey }) => functionKey === "topics").map(({ what }) => what)).not.toContain("AWS: glue");
});

test.each([
  [
    "a user in the address",
    { schemaRegistryUrl: "https://a:b@schemas.example.com" },
    "schemaRegistryUrl: must be an https URL without a user",
  ],
  ["no TLS", { schemaRegistryUrl: "http://schemas.example.com" }, "schemaRegistryUrl: must be an https URL"],
  ["a secret without its registry", { schemaRegistrySecret: secretArn("x") }, "schemaRegistrySecret: requires schemaRegistryUrl"],
])("a schema registry with %s is refused", async (_, given, fault) => {
  expect(await faultsOf(given)).toEqual([expect.stringContaining(fault)]);
});

test("a route behind a mapping that converts records knows what it makes of them", () => {
  const registry = { schemaRegistryConfig: { eventRecordFormat: "SOURCE" }, onFailureDestination: "kafka://undecoded" };
  const service = serviceOf({}, registry);
  expect(prepareStart(service)).toEqual([]);
  expect(service.functions.strongQuakes?.environment).toMatchObject({ RELAY_EVENT_RECORD_FORMAT: "SOURCE" });
});

test.each([
  ["off", "jwt", undefined],
  ["on", "jwt", "GET /console"],
  ["on", "iam", { method: "GET", path: "/console", authorizer: { type: "aws_iam" } }],
])("the console's page that is %s, with the authorizer %s, has the right route", async (state, authorizer, expected) => {
  const service = serviceOf({
    authorizer,
    jwtIssuer: "https://issuer.example.com",
    jwtAudience: "api",
    grants: '[{"who":["a"],"may":["*"]}]',
  });
  service.functions.console = {
    handler: "functions/console.handler",
    name: "c",
    environment: { RELAY_CONSOLE: state },
    events: [{ httpApi: "GET /console" }],
  };

  await prepareDeployment(service, projectFolder);

  expect(service.functions.console.events?.map(({ httpApi }) => httpApi)).toEqual(expected === undefined ? [] : [expected]);
});
