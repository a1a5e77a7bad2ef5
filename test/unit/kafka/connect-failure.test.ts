/** What a connection that failed means: nobody there, not who was expected, or too many at once. */

import kafkajsErrors from "kafkajs/src/errors.js";
import { expect, test } from "vitest";
import { connectFailure } from "../../../lib/kafka/kafkajs/failures.js";

const address = { host: "b1", port: 9098 };
const sasl = { mechanism: "oauthbearer", token: async () => "token" } as const;

test("a broker of Amazon MSK that protects itself from too many IAM connections can be tried again; a refused token cannot", () => {
  const busy = new kafkajsErrors.KafkaJSSASLAuthenticationError("[e2b1]: Too many connects");
  const refused = new kafkajsErrors.KafkaJSSASLAuthenticationError("[e2b1]: Access denied");

  expect(connectFailure(address, { sasl }, busy)).toMatchObject({ code: "kafka-unreachable", failure: { isRetriable: true } });
  expect(connectFailure(address, { sasl }, refused).code).toBe("kafka-unauthenticated");
});
