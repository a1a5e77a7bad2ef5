/** A cluster that requires a login: this machine's settings contain the secret that the event names. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestTopic } from "../support/broker/kafka.js";
import { passwordOf, type SecuredBroker, startSecuredBroker } from "../support/broker/secured-broker.js";
import { write } from "../support/relay/relay-on-broker.js";
import { createOfflineProject, notingHandler } from "../support/trigger/offline-project.js";

let broker: SecuredBroker;

beforeAll(async () => {
  broker = await startSecuredBroker(["poller"]);
});
afterAll(() => broker?.stop());

// https://docs.aws.amazon.com/lambda/latest/dg/kafka-cluster-auth.html
test("BASIC_AUTH logs in with SASL/PLAIN and the secret's username and password", async () => {
  const topic = await createTestTopic(broker.admin);
  const group = "poller-group";
  for (const [resourceType, resourceName] of [
    ["TOPIC", topic],
    ["GROUP", group],
  ] as const) {
    for (const operation of ["READ", "DESCRIBE"] as const) await broker.allow("poller", { resourceType, resourceName, operation });
  }
  await write(broker.admin, topic, [{ key: null, value: Buffer.from("a"), headers: [] }]);
  const secret = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:poller";
  const project = await createOfflineProject();
  project.write("orders.js", notingHandler());
  const kafka = { topic, consumerGroupId: group, bootstrapServers: ["b-1:9092"], accessConfigurations: { saslPlainAuth: secret } };
  project.configure(
    { orders: { handler: "orders.handler", events: [{ kafka }] } },
    {
      brokers: broker.environmentOf("poller").KAFKA_BROKERS,
      tls: false,
      secrets: { [secret]: { username: "poller", password: passwordOf("poller") } },
    },
  );

  const run = project.run(["offline", "start"]);
  try {
    await run.until(() => project.notes().length === 1);
  } finally {
    run.signal("SIGINT");
    await run.ended();
    project.remove();
  }

  expect(run.output()).not.toContain(passwordOf("poller"));
});
