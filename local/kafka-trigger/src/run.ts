/** `kafka-trigger`: one mapping in a process of its own, whose function is behind Lambda's Invoke API. Ctrl-C drains, commits and leaves the group. */
import { parseArgs } from "node:util";
import { lambdaFunction } from "./lambda-function.js";
import { createKafkaTrigger } from "./library.js";

const usage = `kafka-trigger --brokers HOST:PORT[,...] --topic NAME --group ID --function NAME [--endpoint http://127.0.0.1:3002] [--batch-size N] [--window MS] [--partial-responses]`;

const { values } = parseArgs({
  options: {
    brokers: { type: "string" },
    topic: { type: "string" },
    group: { type: "string" },
    function: { type: "string" },
    endpoint: { type: "string" },
    "batch-size": { type: "string", default: "100" },
    window: { type: "string", default: "500" },
    "partial-responses": { type: "boolean", default: false },
  },
});
const { brokers, topic, group, function: name, endpoint } = values;
const batchSize = Number(values["batch-size"]);
const batchingWindowMs = Number(values.window);
const isRight =
  Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= 10_000 && batchingWindowMs >= 0 && batchingWindowMs <= 300_000;
if (brokers === undefined || topic === undefined || group === undefined || name === undefined || !isRight) {
  console.error(`${usage}\n--batch-size must be between 1 and 10000, --window between 0 and 300000 milliseconds.`);
  process.exit(2);
}

const trigger = createKafkaTrigger(
  {
    brokers: brokers.split(","),
    topic,
    consumerGroupId: group,
    batchSize,
    batchingWindowMs,
    functionResponseTypes: values["partial-responses"] ? ["ReportBatchItemFailures"] : [],
    say: (line) => console.log(line),
    warn: (line) => console.error(line),
    onInvocation: ({ records, tookMs, verdict, reason }) =>
      console.log(`${records} record(s), ${tookMs} ms, ${verdict}${reason === undefined ? "" : `: ${reason}`}`),
  },
  lambdaFunction(name, endpoint === undefined ? {} : { endpoint }),
);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void trigger.stop().then(() => process.exit()));
