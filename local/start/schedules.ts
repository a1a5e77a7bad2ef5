/** The first run of every schedule at once: serverless-offline waits for the next full minute. */
import type { DeployedFunction } from "../build/service-map.js";

const answerWithinMs = 10_000;

/** Asynchronously, as EventBridge invokes. What a run comes to stands in the log. */
export async function runSchedules(functions: readonly DeployedFunction[], lambdaPort: number): Promise<void> {
  const scheduled = functions.filter(({ schedules = [], file }) => schedules.length > 0 && file.startsWith("functions/sources/"));
  await Promise.all(
    scheduled.map(({ key }) =>
      fetch(`http://127.0.0.1:${lambdaPort}/2015-03-31/functions/kafka-relay-local-${key}/invocations`, {
        method: "POST",
        headers: { "x-amz-invocation-type": "Event" },
        body: JSON.stringify({ "detail-type": "Scheduled Event", source: "aws.events", detail: {} }),
        signal: AbortSignal.timeout(answerWithinMs),
      }).catch(() => undefined),
    ),
  );
}
