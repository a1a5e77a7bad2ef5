/** Quotas: a broker that slows us down delays the next request, and a record that was written is never answered "too many requests". */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import type { Kafka } from "../../lib/kafka/kafka.js";
import {
  array,
  bool,
  defineApi,
  int16,
  int32,
  nullableArray,
  nullableString,
  string,
  struct,
  type WireType,
} from "../../lib/kafka/protocol/wire.js";
import type { TopicName } from "../../lib/kafka/records.js";
import { createTestTopic, testKafka, until } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";

const float64: WireType<number> = {
  write: (out, value) => {
    const at = out.reserve(8);
    out.bytes.writeDoubleBE(value, at);
  },
  read: (from) => from.bytes.readDoubleBE(from.take(8)),
};

const alterClientQuotasApi = defineApi({
  name: "AlterClientQuotas",
  key: 49,
  versions: [0, 0],
  request: struct({
    entries: array(
      struct({
        entity: array(struct({ type: string, name: nullableString })),
        ops: array(struct({ key: string, value: float64, remove: bool })),
      }),
    ),
    validateOnly: bool,
  }),
  answer: struct({
    throttleMs: int32,
    entries: nullableArray(
      struct({ errorCode: int16, errorMessage: nullableString, entity: array(struct({ type: string, name: nullableString })) }),
    ),
  }),
});

const clientId = uniqueName("slow-client");
const bytesPerSecond = 20_000;

let admin: Kafka;
let kafka: Kafka;
let topic: TopicName;
beforeAll(async () => {
  admin = testKafka();
  kafka = testKafka({ clientId });
  topic = await createTestTopic(admin);
  await setQuota(false);
});
afterAll(async () => {
  await setQuota(true);
  await Promise.all([admin.close(), kafka.close()]);
});

async function setQuota(remove: boolean): Promise<void> {
  const entries = [
    { entity: [{ type: "client-id", name: clientId }], ops: [{ key: "producer_byte_rate", value: bytesPerSecond, remove }] },
  ];
  const { entries: answers } = await admin.connection.request(
    alterClientQuotasApi,
    { entries, validateOnly: false },
    "controller",
    createDeadline(5_000),
  );
  expect(answers?.map(({ errorCode }) => errorCode)).toEqual([0]);
}

const send = (bytes: number, timeoutMs: number) =>
  kafka.producer.produce(topic, [{ key: null, value: Buffer.alloc(bytes), headers: [] }], createDeadline(timeoutMs));

test("a call above the quota is answered at once as written; a next one that cannot wait is refused before it is sent, and one that can is written", async () => {
  let startMs = 0;
  let refused: unknown;
  // The second call is written, too, where the quota is not in force yet, or where a busy machine makes it only after the pause of 2.5 s: then both are sent again.
  await until(async () => {
    if ((await send(250_000, 20_000))[0]?.outcome !== "written") return false;
    startMs = performance.now();
    refused = await send(10, 500).then(
      () => undefined,
      (error: unknown) => error,
    );
    return refused !== undefined;
  });

  expect(refused).toMatchObject({
    code: "too-many-requests",
    failure: { status: 429, written: "no", isRetriable: true },
    details: { retryAfterMs: expect.any(Number) },
  });
  expect(performance.now() - startMs).toBeLessThan(2_000); // the quota is free again much later
  const [{ end } = { end: -1n }] = await admin.reader.offsets(topic, "all", createDeadline(5_000));
  expect(await send(10, 60_000)).toMatchObject([{ outcome: "written", offset: end }]);
});
