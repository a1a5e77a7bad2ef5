/** The canary while its broker is killed, and after it is back. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { canary } from "../../lib/canary/canary.js";
import { parseConfig } from "../../lib/config.js";
import { type RecreatableBroker, startRecreatableBroker } from "../support/broker/recreatable-broker.js";

let broker: RecreatableBroker;
beforeAll(async () => {
  broker = await startRecreatableBroker();
}, 120_000);
afterAll(() => broker?.stop());

test("it fails while the broker is down, within its time, and succeeds again when a broker answers", { timeout: 180_000 }, async () => {
  const run = canary({ config: parseConfig({ KAFKA_BROKERS: broker.brokers.join(","), RELAY_METRICS: "off", RELAY_LOG_LEVEL: "error" }) });

  const before = await run();
  await broker.stop();
  const startedMs = performance.now();
  const down = await run(undefined, { getRemainingTimeInMillis: () => 8_000 });
  const tookMs = performance.now() - startedMs;
  await broker.recreate();
  const after = await run();
  await run.close();

  expect([before.record, down.record, after.record]).toEqual(["written and read", "failed", "written and read"]);
  expect(tookMs).toBeLessThan(10_000);
});
