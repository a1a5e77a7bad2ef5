/** A function whose code takes longer to load than Lambda's first limit of ten seconds, as on a busy laptop. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { packEvent } from "../../local/kafka-trigger/src/handlers/packed.js";
import { createHandlerPool } from "../../local/kafka-trigger/src/handlers/pool.js";
import type { Mapping } from "../../local/kafka-trigger/src/mapping.js";
import { waitingRecords } from "../support/trigger/waiting-records.js";

const loadMs = 11_000;
const mapping: Mapping = {
  name: "orders",
  kind: "kafka",
  bootstrapServers: "b:1",
  topic: "orders",
  consumerGroupId: "g",
  batchSize: 100,
  windowMs: 500,
  startingPosition: { kind: "TRIM_HORIZON" },
  failure: { retriesMax: -1, recordAgeMaxMs: -1, isBisecting: false, takesPartialResponses: true },
  backoff: { firstMs: 1, maxMs: 1 },
};

async function outcomeOf(timeoutMs: number): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), "kafka-trigger-slow-load-"));
  const load = `const until = Date.now() + ${loadMs}; while (Date.now() < until);`;
  writeFileSync(join(folder, "handler.cjs"), `${load} exports.handler = async () => "done";`);
  const pool = createHandlerPool(
    {
      serviceFolder: folder,
      handler: "handler.handler",
      tsxFrom: [],
      functionName: "slow",
      functionArn: "arn:aws:lambda:eu-west-1:000000000000:function:slow",
      timeoutMs,
      memoryMb: 256,
      environment: {},
    },
    () => {},
    join(import.meta.dirname, "../../local/kafka-trigger/dist/worker.cjs"),
  );
  onTestFinished(async () => {
    await pool.close();
    rmSync(folder, { recursive: true });
  });
  const records = waitingRecords("orders", 0, [{ offset: 5, value: "v" }]);
  return pool.invoke(packEvent(mapping, [{ partition: 0, nextOffset: 6, records }]));
}

test("it is loaded within the function's own timeout, and is ended where that is shorter too", async () => {
  const [patient, hasty] = await Promise.all([outcomeOf(60_000), outcomeOf(5_000)]);

  expect(patient).toMatchObject({ ok: true, answer: "done" });
  expect(hasty).toMatchObject({ ok: false, reason: "Sandbox.Timedout: the function's code was not loaded within 10 s" });
});
