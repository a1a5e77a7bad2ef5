/** A broker with an authorizer and a listener for users with passwords: for what is forbidden, and to whom. */
import { join } from "node:path";
import { createDeadline } from "../../../lib/deadline.js";
import { type Acl, createAcls } from "../../../lib/kafka/admin/acls.js";
import type { Kafka } from "../../../lib/kafka/kafka.js";
import { startBroker } from "../../../local/broker/cluster.js";
import { freePorts } from "../../../local/processes/ports.js";
import { runFolder } from "../run/run-folder.js";
import { testKafka } from "./kafka.js";

export interface SecuredBroker {
  /** May do everything, without a password, at a listener of its own. */
  readonly admin: Kafka;
  /** Environment variables of a user who may do nothing but what `allow` says. */
  readonly environmentOf: (user: string, password?: string) => Readonly<Record<string, string>>;
  readonly allow: (user: string, acl: Pick<Acl, "resourceType" | "resourceName" | "operation"> & Partial<Acl>) => Promise<void>;
  readonly stop: () => Promise<void>;
}

export const passwordOf = (user: string): string => `secret-of-${user}`;

export async function startSecuredBroker(users: readonly string[]): Promise<SecuredBroker> {
  const [port = 0, controllerPort = 0, sasl = 0] = await freePorts(3);
  const known = users.map((user) => `user_${user}="${passwordOf(user)}"`).join(" ");
  const cluster = await startBroker({
    nodes: 1,
    dataFolder: join(runFolder(), `secured-${port}`),
    ports: [port, controllerPort],
    extraListeners: [{ name: "SASL", protocol: "SASL_PLAINTEXT", ports: [sasl] }],
    properties: {
      "listener.name.sasl.sasl.enabled.mechanisms": "PLAIN",
      "listener.name.sasl.plain.sasl.jaas.config": `org.apache.kafka.common.security.plain.PlainLoginModule required ${known};`,
      "connection.failed.authentication.delay.ms": "0",
    },
  });
  const admin = testKafka({ brokers: cluster.brokers });
  return {
    admin,
    environmentOf: (user, password = passwordOf(user)) => ({
      KAFKA_BROKERS: `127.0.0.1:${sasl}`,
      KAFKA_SASL_MECHANISM: "plain",
      KAFKA_SASL_USERNAME: user,
      KAFKA_SASL_PASSWORD: password,
    }),
    allow: async (user, acl) => {
      const [error] = await createAcls(
        admin,
        [{ patternType: "LITERAL", principal: `User:${user}`, host: "*", permission: "ALLOW", ...acl }],
        createDeadline(10_000),
      );
      if (error !== undefined) throw error;
    },
    stop: async () => {
      await admin.close();
      for (const node of cluster.nodes) await node.kill();
    },
  };
}
