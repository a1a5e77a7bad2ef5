/** `kafka-relay run <route>`: one route in the foreground, in this process: the trigger's library hands batches to the same relay that Lambda runs. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { parseConfig } from "../../../lib/config.js";
import { parseTopicName } from "../../../lib/kafka/topic-name.js";
import { relay } from "../../../lib/relay/relay.js";
import { defineRoute, type Order, type Route } from "../../../lib/relay/route.js";
import { topic as topicTarget } from "../../../lib/targets/topic.js";
import { assertHostAllowed } from "../../../lib/targets/webhook/address.js";
import { webhook } from "../../../lib/targets/webhook.js";
import type { Mapping } from "../../kafka-trigger/src/mapping.js";
import { toEvent } from "../../kafka-trigger/src/poll/event.js";
import { startTrigger } from "../../kafka-trigger/src/trigger.js";
import { toCount } from "../arguments.js";
import { type Cli, type CliContext, usageError, withExamples } from "../cli.js";
import { declaredRoutes } from "./declared-routes.js";
import { createHurriedClock } from "./hurried-clock.js";
import { findRoute, routesFolder } from "./route-files.js";

interface RunOptions {
  readonly topic?: string;
  readonly group?: string;
  readonly target?: string;
  readonly deadLetters?: string;
  readonly order?: Order;
  readonly attempts?: number;
  readonly backoff?: number;
  readonly backoffMax?: number;
  readonly deadline?: number;
  readonly afterRetries?: Route["afterRetries"];
  readonly concurrency?: number;
  readonly batchSize?: number;
  readonly webhookTimeout?: number;
  readonly allowPrivate?: boolean;
  readonly brokers?: string;
}

const orders = ["partition", "key", "none"] as const;
/** Long enough for a batch with a slow target; records that are not finished in time are given back and delivered again at once. */
const invocationMs = 120_000;
/** How long a running batch may take after an interrupt; records that are not finished then are delivered again at the next start. */
const drainMs = 20_000;
/** How long a target may take to finish a batch after an interrupt; records that it has not accepted by then are given back. */
const patienceMs = 5_000;
/** Small where records wait for each other, since a kill may repeat a whole batch; large where many are delivered at once. */
const batchSizes: Readonly<Record<Order, number>> = { partition: 100, key: 1_000, none: 1_000 };

export function registerRun(cli: Cli): void {
  const run: Command = cli.program
    .command("run")
    .description(
      "Run one route in the foreground until it is interrupted. SIGINT and SIGTERM finish the running batch, commit, and exit with code 0.",
    )
    .argument("<route>", "the name of a file in functions/routes, or any name if both --topic and --target are given")
    .option("--topic <name>", "read this topic instead of the one in serverless.yml")
    .option("--group <id>", "commit as this consumer group")
    .option("--target <where>", "deliver here instead of to the route's target: http://..., https://... or topic:NAME")
    .option("--dead-letters <topic>", "the dead letter topic (default: the route's, otherwise <topic>.dead-letters)")
    .option("--order <what>", "which records stay in order: those of a partition, of a key, or none", oneOf(orders))
    .option("--attempts <count>", "attempts per record, including the first", toCount)
    .option("--backoff <duration>", "the first pause between attempts, such as 200ms; later pauses are longer", toMs)
    .option("--backoff-max <duration>", "the longest pause between attempts", toMs)
    .option("--deadline <duration>", "how long a record is tried, such as 60s, before it is given back and delivered again", toMs)
    .option(
      "--after-retries <what>",
      "what happens after the last attempt: give-back or dead-letter",
      oneOf(["give-back", "dead-letter"] as const),
    )
    .option("--concurrency <count>", "attempts at the same time, as far as the order allows", toCount)
    .option("--batch-size <count>", "records per batch (100; 1000 if not in partition order)", toCount)
    .option("--webhook-timeout <duration>", "how long a webhook named by --target may take to answer (15s)", toMs)
    .option("--allow-private", "allow webhooks to loopback and private addresses")
    .action(cli.action<RunOptions>((context, options, [name = ""]) => runRoute(context, options, name)));
  withExamples(run, [
    "kafka-relay run strong-quakes",
    "kafka-relay run quakes-to-webhook --target http://127.0.0.1:4000/hook --allow-private",
    "kafka-relay run copy --topic orders --target topic:orders-copy --group copier",
  ]);
}

/** The route of the file with the overrides of the command line; without a file, every record goes unchanged from --topic to --target. */
async function routeOf(name: string, options: RunOptions): Promise<Route> {
  const target = options.target === undefined ? undefined : toTarget(options.target, options);
  const isBare = target !== undefined && options.topic !== undefined && !existsSync(join(routesFolder, `${name}.ts`));
  const { route } = isBare ? { route: defineRoute({ name, target }) } : await findRoute(name);
  // Through the same check as the route's file, so that a wrong number gives the same message.
  const checked = defineRoute({
    name: route.name,
    target: target ?? route.target,
    order: options.order ?? route.order,
    concurrencyMax: options.concurrency ?? route.concurrencyMax,
    afterRetries: options.afterRetries ?? route.afterRetries,
    retry: {
      attemptsMax: options.attempts ?? route.retry.attemptsMax,
      firstDelayMs: options.backoff ?? route.retry.firstDelayMs,
      delayMaxMs: options.backoffMax ?? route.retry.delayMaxMs,
      deadlineMs: options.deadline ?? route.retry.deadlineMs,
      retryAfterMaxMs: route.retry.retryAfterMaxMs,
    },
    ...(options.deadLetters === undefined ? {} : { deadLetters: { topic: parseTopicName(options.deadLetters) } }),
  });
  const { target: runTarget, order, concurrencyMax, afterRetries, retry } = checked;
  return {
    ...route,
    target: runTarget,
    order,
    concurrencyMax,
    afterRetries,
    retry,
    deadLetterTopic: checked.deadLetterTopic ?? route.deadLetterTopic,
  };
}

function toTarget(text: string, { webhookTimeout, allowPrivate }: RunOptions): Route["target"] {
  if (text.startsWith("topic:")) return topicTarget({ topic: text.slice("topic:".length) });
  if (/^https?:\/\//.test(text)) {
    return webhook({
      url: text,
      ...(webhookTimeout === undefined ? {} : { timeoutMs: webhookTimeout }),
      ...(allowPrivate === true ? { allowPrivate } : {}),
    });
  }
  throw usageError(`--target must be http://..., https://... or topic:NAME, not ${JSON.stringify(text)}.`);
}

/** The mapping of a route in serverless.yml: its topic and its group. */
function mappingOf(name: string, env: NodeJS.ProcessEnv): { readonly topic?: string; readonly consumerGroupId?: string } {
  const [trigger] = declaredRoutes(env)?.functions.find(({ file }) => file === `${routesFolder}/${name}`)?.triggers ?? [];
  return trigger ?? {};
}

async function runRoute(context: CliContext, options: RunOptions, name: string): Promise<void> {
  const { env, stderr, interrupted } = context.world;
  const route = await routeOf(name, options);
  const mapping = mappingOf(name, env);
  const topic = options.topic ?? mapping.topic;
  if (topic === undefined) throw usageError(`The route ${name} has no topic in serverless.yml. Set one with --topic.`);
  const groupId = options.group ?? (options.topic === undefined ? mapping.consumerGroupId : undefined) ?? `kafka-relay-${name}`;
  const brokers = options.brokers ?? env.KAFKA_BROKERS ?? "127.0.0.1:9092";
  const config = parseConfig({
    RELAY_METRICS: "off",
    RELAY_LOG_LEVEL: "warn",
    ...env,
    KAFKA_BROKERS: brokers,
    RELAY_PARTIAL_RESPONSES: "true",
    ...(options.allowPrivate === true ? { RELAY_ALLOW_PRIVATE_ADDRESSES: "true" } : {}),
  });
  if (options.target !== undefined && !config.RELAY_ALLOW_PRIVATE_ADDRESSES) assertReachable(options.target);

  const kafka = await context.kafka();
  await kafka.metadata.topic(parseTopicName(topic), context.deadline());
  const clock = createHurriedClock();
  const handler = relay(route, { config, kafka, clock });
  const runMapping = toMapping(name, topic, groupId, brokers, options.batchSize ?? batchSizes[route.order]);
  const trigger = startTrigger(runMapping, {
    kafka,
    say: context.say,
    warn: (line) => void stderr.write(`${line}\n`),
    invoke: async (runs) => {
      const endsAtMs = Date.now() + invocationMs;
      const answer = await handler(toEvent(runMapping, runs), { getRemainingTimeInMillis: () => endsAtMs - Date.now() });
      return { ok: true, answer, requestId: "" };
    },
  });
  context.say(
    `${name}: ${topic} -> ${route.target.kind} ${route.target.name}, group ${groupId}, order by ${route.order}. Press Ctrl-C to finish the running batch and exit.`,
  );
  await new Promise<void>((resolve) => {
    if (interrupted.aborted) resolve();
    else interrupted.addEventListener("abort", () => resolve(), { once: true });
  });
  const hurry = setTimeout(clock.hurry, patienceMs);
  await trigger.stop(drainMs);
  clearTimeout(hurry);
  await handler.close();
  const { counts } = trigger.status();
  context.say(`${name}: ended after ${counts.invoked} record(s) in ${counts.invocations} batch(es).`);
}

/** Refuses, before the start, a target address to which the route could never deliver. */
function assertReachable(target: string): void {
  if (!URL.canParse(target) || target.startsWith("topic:")) return;
  const { hostname } = new URL(target);
  try {
    assertHostAllowed(hostname);
    if (/^(.+\.)?localhost$/.test(hostname)) throw usageError("");
  } catch {
    throw usageError(`${hostname} is a private address. To allow it, add --allow-private.`);
  }
}

/** The mapping of a route: it never gives up a record, and delivers again what the route gives back. */
function toMapping(name: string, topic: string, consumerGroupId: string, bootstrapServers: string, batchSize: number): Mapping {
  return {
    name,
    kind: "kafka",
    bootstrapServers,
    topic,
    consumerGroupId,
    batchSize,
    windowMs: 0,
    isOnePartitionABatch: true,
    isCommittedFirst: true,
    takesAnySize: true,
    startingPosition: { kind: "TRIM_HORIZON" },
    failure: { retriesMax: -1, recordAgeMaxMs: -1, isBisecting: false, takesPartialResponses: true },
    backoff: { firstMs: 100, maxMs: 5_000 },
  };
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

/** "200ms", "30s", "2m", or a number of milliseconds. */
function toMs(text: string): number {
  const [, count, unit = "ms"] = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text) ?? [];
  if (count === undefined) throw new InvalidArgumentError("It must be a duration, such as 200ms, 30s or 2m.");
  return Math.round(Number(count) * (units[unit] ?? 1));
}

function oneOf<const Names extends readonly string[]>(names: Names): (text: string) => Names[number] {
  return (text) => {
    if (names.includes(text)) return text;
    const [last = "", ...others] = [...names].reverse();
    throw new InvalidArgumentError(`It must be ${others.reverse().join(", ")} or ${last}.`);
  };
}
