/** `kafka-relay routes`: check, list, explain and test the routes of this project before any record arrives. */
import { RelayError } from "../../../lib/errors.js";
import { toJsonText } from "../../../lib/json/write.js";
import { deadLetterTopicOf } from "../../../lib/relay/dead-letters/dead-letter.js";
import { type DeadLetterTopic, lossesOf } from "../../../lib/relay/dead-letters/topic.js";
import { isJsonata } from "../../../lib/relay/jsonata.js";
import { runExamples } from "../../../lib/relay/route/examples.js";
import type { Route } from "../../../lib/relay/route.js";
import { checkSourceTopics } from "../../build/deployment/source-topics.js";
import type { DeployedFunction } from "../../build/service-map.js";
import { type Cli, type CliContext, withExamples } from "../cli.js";
import { declaredRoutes } from "./declared-routes.js";
import { type FoundRoute, findRoute, findRoutes, routesFolder } from "./route-files.js";
import { deploymentFaults } from "./route-mapping.js";
import { describeDecoding, describeEncoding, encodeFault, localEncode } from "./route-schemas.js";

export function registerRoutes(cli: Cli): void {
  const noun = cli.noun("routes", `Relay routes: one file each in ${routesFolder}.`, [
    "kafka-relay routes check",
    "kafka-relay routes list",
    "kafka-relay routes explain strong-quakes",
    "kafka-relay routes test",
  ]);
  withExamples(
    noun
      .command("check")
      .description("Load every route and report its faults.")
      .option(
        "--topics",
        "also ask the brokers whether a source topic allows records that Lambda drops, and whether a dead letter topic loses records",
      )
      .action(cli.action(check)),
    ["kafka-relay routes check", "kafka-relay routes check --topics --brokers b-1.example.com:9098"],
  );
  withExamples(noun.command("list").description("List all routes with their target and order.").action(cli.action(list)), [
    "kafka-relay routes list --json",
  ]);
  withExamples(
    noun
      .command("explain")
      .description("Show everything a route does, including defaults and how each failure is handled.")
      .argument("<route>")
      .action(cli.action(explain)),
    ["kafka-relay routes explain strong-quakes"],
  );
  withExamples(
    noun
      .command("test")
      .description("Run the examples in the route files without delivering anything.")
      .argument("[route]", "route to test (default: all)")
      .action(cli.action(test)),
    ["kafka-relay routes test", "kafka-relay routes test strong-quakes"],
  );
}

async function check(context: CliContext, { topics = false }: { readonly topics?: boolean }): Promise<void> {
  const declared = declaredRoutes(context.world.env) ?? { functions: [], faults: ["There is no serverless.yml in this folder."] };
  const { functions } = declared;
  for (const one of declared.faults) context.complain(new RelayError("bad-configuration", one));
  const rows: { file: string; faults: readonly string[] }[] = [];
  const found = await findRoutes();
  for (const { file, handler, fault } of found) {
    const own = fault ?? (await expressionFault(handler.route)) ?? (await encodeFault(handler.route));
    const faults = [...(own === undefined ? [] : [own.message]), ...deploymentFaults(file, functions)];
    rows.push({ file, faults });
    if (faults.length === 0) context.say(`${file}  ok`);
    for (const one of faults) context.complain(new RelayError("bad-configuration", `${file}: ${one}`));
  }
  if (topics) {
    await checkTopics(context, functions);
    await checkDeadLetterTopics(context, deadLetterTopicsOf(found, functions));
  }
  if (context.isJson) context.print(rows, []);
}

async function checkTopics(context: CliContext, functions: readonly DeployedFunction[]): Promise<void> {
  const sources = functions
    .filter(({ file }) => file.startsWith(`${routesFolder}/`))
    .flatMap(({ key, triggers }) => triggers.map(({ topic }) => ({ functionKey: key, topic })));
  const largeTopics = (context.world.env.RELAY_LARGE_TOPICS ?? "").split(",").filter((name) => name !== "");
  const { faults, warnings } = await checkSourceTopics(await context.kafka(), sources, largeTopics, context.deadline());
  for (const fault of faults) context.complain(new RelayError("bad-configuration", fault));
  for (const warning of warnings) context.say(`warning: ${warning}`);
  if (faults.length === 0 && warnings.length === 0) context.say("source topics  ok");
}

/** The dead letter topics of every route that loads. Topics named by a framework variable are left out. */
function deadLetterTopicsOf(found: readonly FoundRoute[], functions: readonly DeployedFunction[]): readonly DeadLetterTopic[] {
  return found.flatMap(({ file, handler }) => {
    if (handler === undefined) return [];
    const { deadLetterTopic, deadLetterRetentionMs: retentionMs } = handler.route;
    const sources = functions.filter((one) => one.file === file.replace(/\.\w+$/, "")).flatMap(({ triggers }) => triggers);
    return sources
      .map(({ topic: source }) => ({ name: deadLetterTopicOf(source, deadLetterTopic), source, retentionMs }))
      .filter(({ name }) => !name.includes("$"));
  });
}

/** A missing dead letter topic is not a fault: it is created on first use, with settings that keep its records. */
async function checkDeadLetterTopics(context: CliContext, topics: readonly DeadLetterTopic[]): Promise<void> {
  const kafka = await context.kafka();
  // Several routes may share a topic.
  const losses = new Set<string>();
  for (const topic of topics) for (const loss of await lossesOf(kafka, topic, context.deadline())) losses.add(`${topic.name} has ${loss}`);
  for (const loss of losses) context.complain(new RelayError("bad-configuration", `The dead letter topic ${loss}.`));
  if (losses.size === 0) context.say("dead letter topics  ok");
}

async function expressionFault({ transform }: Route): Promise<RelayError | undefined> {
  if (!isJsonata(transform)) return undefined;
  try {
    await transform.check();
    return undefined;
  } catch (thrown) {
    return thrown as RelayError;
  }
}

async function list(context: CliContext): Promise<void> {
  const rows = (await findRoutes()).map(toRow);
  context.print(rows, [
    { title: "route", cell: ({ name }) => name },
    { title: "target", cell: ({ target }) => target },
    { title: "order", cell: ({ order }) => order },
    { title: "filter", cell: ({ filter }) => filter },
    { title: "transform", cell: ({ transform }) => transform },
    { title: "fault", cell: ({ fault }) => fault?.slice(0, 100) },
  ]);
}

function toRow({ file, handler, fault }: FoundRoute) {
  if (handler === undefined) return { name: file, fault: fault.message };
  const { name, target, order, filter, transform } = handler.route;
  return {
    name,
    target: `${target.kind} ${target.name}`,
    order,
    filter: filter === undefined ? null : toJsonText(filter)?.slice(0, 80),
    transform: transformOf(transform),
  };
}

function transformOf(transform: Route["transform"]): string {
  if (transform === undefined) return "none";
  return isJsonata(transform) ? `jsonata ${transform.expression.slice(0, 60)}` : "function";
}

async function explain(context: CliContext, _: object, [name = ""]: readonly string[]): Promise<void> {
  const { route } = await findRoute(name);
  const {
    target,
    filter,
    transform,
    order,
    concurrencyMax,
    retry,
    afterRetries,
    breaker,
    deadLetterTopic,
    deadLetterRetentionMs,
    timeLeftMarginMs,
    transformTimeoutMs,
    examples,
  } = route;
  const heldBy = { partition: "every later record of its partition", key: "every later record of its key", none: "no other record" }[order];
  context.printOne({
    route: route.name,
    filter: filter === undefined ? "every record matches" : toJsonText(filter),
    schemas: describeDecoding(route),
    transform: isJsonata(transform)
      ? `jsonata, gives ${transform.options.gives}: ${transform.expression}`
      : transform === undefined
        ? "none: records pass byte for byte"
        : `function, at most ${transformTimeoutMs} ms`,
    target: `${target.kind} ${target.name}`,
    ...(target.encode === undefined ? {} : { encoding: describeEncoding(target.encode) }),
    target_options: JSON.stringify(target.options, (_key, value: unknown) => (typeof value === "function" ? "(function)" : value)),
    order: `${order}: a waiting record holds ${heldBy}; up to ${concurrencyMax} concurrent attempts`,
    retries: `${retry.attemptsMax} attempts within ${retry.deadlineMs} ms, delays of up to ${retry.firstDelayMs} ms doubling to ${retry.delayMaxMs} ms, Retry-After honored up to ${retry.retryAfterMaxMs} ms; stops ${timeLeftMarginMs} ms before the function's timeout`,
    after_retries: afterRetries === "give-back" ? "given back: delivered again with the next invocation" : "dead-lettered",
    breaker: `opens after ${breaker.failuresInRowMax} failures in a row for ${breaker.openMs} ms, and after ${breaker.deadLettersInRowMax} dead letters in a row`,
    refused_by_target: "dead-lettered at once (400, 409, 413, 415, 422, or a transform that throws)",
    target_fails: "retried (5xx, 429, timeouts, refused connections, 401, 403, 404, 410, redirects)",
    dead_letters: `${deadLetterTopic ?? "<topic>.dead-letters"}, created with retention.ms=${deadLetterRetentionMs}`,
    examples: `${examples.length}`,
  });
}

async function test(context: CliContext, _: object, [name]: readonly string[]): Promise<void> {
  const handlers = name === undefined ? await loadedRoutes(context) : [await findRoute(name)];
  const rows: { route: string; example: string; faults: readonly string[] }[] = [];
  for (const { route } of handlers) {
    for (const { name: example, faults } of await runExamples(route, await localEncode(route))) {
      rows.push({ route: route.name, example, faults });
      if (faults.length === 0) context.say(`ok      ${route.name}: ${example}`);
      else context.complain(new RelayError("unprocessable", `${route.name}: ${example}: ${faults.join(" ")}`));
    }
  }
  if (context.isJson) context.print(rows, []);
  const failed = rows.filter(({ faults }) => faults.length > 0).length;
  context.say(`${rows.length - failed} passed, ${failed} failed`);
}

async function loadedRoutes(context: CliContext) {
  const found = await findRoutes();
  return found.flatMap(({ file, handler, fault }) => {
    if (handler !== undefined) return [handler];
    context.complain(new RelayError(fault.code, `${file}: ${fault.message}`));
    return [];
  });
}
