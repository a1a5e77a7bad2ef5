/** `kafka-relay sources`: list, check, explain and test the sources of this project; and send an event to one. */
import { readFileSync } from "node:fs";
import { parseConfig } from "../../../lib/config.js";
import { RelayError } from "../../../lib/errors.js";
import { toJsonText } from "../../../lib/json/write.js";
import { runExamples } from "../../../lib/relay/route/examples.js";
import type { Route } from "../../../lib/relay/route.js";
import type { Source } from "../../../lib/sources/define-source.js";
import { source } from "../../../lib/sources/source.js";
import { createTelemetry } from "../../../lib/telemetry.js";
import { resourcesIn } from "../../build/deployment/source-queues.js";
import { type SourceDeclaration, type SourceSurroundings, sourceFaults, sourceNameOf } from "../../build/deployment/sources.js";
import { readServiceFile } from "../../serve/routes/service-file.js";
import { type Cli, type CliContext, withExamples } from "../cli.js";
import { type FoundSource, findSource, findSources, sourcesFolder } from "./source-files.js";

export function registerSources(cli: Cli): void {
  const noun = cli.noun("sources", `Sources, which write to Kafka what other systems send: one file each in ${sourcesFolder}.`, [
    "kafka-relay sources list",
    "kafka-relay sources check",
    "kafka-relay sources send quakes-from-webhook --event event.json",
  ]);
  withExamples(noun.command("list").description("List all sources with what they read and where they write.").action(cli.action(list)), [
    "kafka-relay sources list --json",
  ]);
  withExamples(
    noun.command("check").description("Load every source, and report its faults and those of its events.").action(cli.action(check)),
    ["kafka-relay sources check"],
  );
  withExamples(
    noun
      .command("explain")
      .description("Show everything a source does, including defaults.")
      .argument("<source>")
      .action(cli.action(explain)),
    ["kafka-relay sources explain quakes-from-webhook"],
  );
  withExamples(
    noun
      .command("test")
      .description("Run the examples in the source files without writing anything.")
      .argument("[source]", "source to test (default: all)")
      .action(cli.action(test)),
    ["kafka-relay sources test"],
  );
  withExamples(
    noun
      .command("send")
      .description("Invoke a source with an event, as Lambda does: its records are written. Prints what it returns.")
      .argument("<source>")
      .requiredOption("--event <file>", "JSON of the event; for a webhook also { headers, body }")
      .action(cli.action(send)),
    ["kafka-relay sources send orders-from-queue --event event.json"],
  );
}

async function list(context: CliContext): Promise<void> {
  context.print((await findSources()).map(toRow), [
    { title: "source", cell: ({ name }) => name },
    { title: "from", cell: ({ from }) => from },
    { title: "to", cell: ({ to }) => to },
    { title: "envelope", cell: ({ envelope }) => envelope },
    { title: "filter", cell: ({ filter }) => filter },
    { title: "fault", cell: ({ fault }) => fault?.slice(0, 100) },
  ]);
}

function toRow({ file, handler, fault }: FoundSource) {
  if (handler === undefined) return { name: file, fault: fault.message };
  const { name, from, envelope, route } = handler.source;
  return {
    name,
    from: `${from.kind} ${from.name}`,
    to: route.target.name,
    envelope,
    filter: route.filter === undefined ? null : toJsonText(route.filter)?.slice(0, 80),
  };
}

async function check(context: CliContext): Promise<void> {
  const declared = readServiceFile(process.cwd(), context.world.env)?.functionsIn(sourcesFolder);
  const { resources, provider } = declared?.serverless.service ?? {};
  const surroundings: SourceSurroundings = {
    resources: resourcesIn(resources),
    timeout: (provider as { readonly timeout?: unknown } | undefined)?.timeout,
  };
  const rows: { file: string; faults: readonly string[] }[] = [];
  for (const { file, handler, fault } of await findSources()) {
    const faults = fault === undefined ? eventFaults(handler.source, declared?.functions, surroundings) : [fault.message];
    rows.push({ file, faults });
    if (faults.length === 0) context.say(`${file}  ok`);
    for (const one of faults) context.complain(new RelayError("bad-configuration", `${file}: ${one}`));
  }
  for (const one of declared?.faults ?? []) context.complain(new RelayError("bad-configuration", one));
  if (context.isJson) context.print(rows, []);
}

/** Without a serverless.yml there is nothing to hold against the file. */
function eventFaults(
  { name, from }: Pick<Source, "name" | "from">,
  declared: ReadonlyMap<string, object> | undefined,
  surroundings: SourceSurroundings,
) {
  if (declared === undefined) return [];
  const entry = ([...declared] as unknown as readonly (readonly [string, SourceDeclaration])[]).find(
    ([, one]) => sourceNameOf(one) === name,
  );
  return entry === undefined
    ? [`no function of serverless.yml has the handler ${sourcesFolder}/${name}.handler.`]
    : sourceFaults(entry[0], from, entry[1], surroundings);
}

async function explain(context: CliContext, _: object, [name = ""]: readonly string[]): Promise<void> {
  const { source: defined, operations } = await findSource(name);
  const { from, route, envelope, deadLetterTopic } = defined;
  const { filter, transform, retry, breaker, timeLeftMarginMs, deadLetterRetentionMs, examples } = route;
  context.printOne({
    source: defined.name,
    from: `${from.kind} ${from.name}`,
    from_options: JSON.stringify(from.options, (_key, value: unknown) => (typeof value === "function" ? "(function)" : value)),
    calls: operations === undefined ? "none" : Object.keys(operations).join(", "),
    filter: filter === undefined ? "every record matches" : toJsonText(filter),
    transform: transformOf(transform),
    envelope,
    to: `topic ${route.target.name}`,
    order: { partition: "all records of a batch", key: "the records of a key", none: "none" }[route.order],
    retries: `up to ${retry.attemptsMax} attempts within ${retry.deadlineMs} ms; stops ${timeLeftMarginMs} ms before the function's timeout`,
    not_acknowledged: "never reported as success: the system that it comes from delivers it again, under the same delivery id",
    breaker: `opens after ${breaker.failuresInRowMax} failures in a row for ${breaker.openMs} ms, and after ${breaker.deadLettersInRowMax} dead letters in a row`,
    dead_letters: `${deadLetterTopic}, created with retention.ms=${deadLetterRetentionMs}`,
    examples: `${examples.length}`,
  });
}

function transformOf(transform: Route["transform"]): string {
  if (transform === undefined) return "none: records pass byte for byte";
  return typeof transform === "function" ? "function" : `jsonata: ${transform.expression}`;
}

async function test(context: CliContext, _: object, [name]: readonly string[]): Promise<void> {
  const handlers =
    name === undefined
      ? (await findSources()).flatMap(({ handler }) => (handler === undefined ? [] : [handler]))
      : [await findSource(name)];
  const rows: { source: string; example: string; faults: readonly string[] }[] = [];
  for (const { source: defined } of handlers) {
    for (const { name: example, faults } of await runExamples(defined.route)) {
      rows.push({ source: defined.name, example, faults });
      if (faults.length === 0) context.say(`ok      ${defined.name}: ${example}`);
      else context.complain(new RelayError("unprocessable", `${defined.name}: ${example}: ${faults.join(" ")}`));
    }
  }
  if (context.isJson) context.print(rows, []);
  const failed = rows.filter(({ faults }) => faults.length > 0).length;
  context.say(`${rows.length - failed} passed, ${failed} failed`);
}

async function send(context: CliContext, { event: file }: { readonly event: string }, [name = ""]: readonly string[]): Promise<void> {
  const found = await findSource(name);
  const kafka = await context.kafka();
  const handler = source(found.source, {
    kafka,
    config: parseConfig({ ...context.world.env, RELAY_PARTIAL_RESPONSES: "true" }),
    telemetry: createTelemetry({ level: "warn", metrics: "off", write: (line) => void context.world.stderr.write(`${line}\n`) }),
  });
  const deadline = context.deadline();
  try {
    const answer = await handler(toSourceEvent(readEvent(file), name), { getRemainingTimeInMillis: deadline.leftMs });
    await context.write(`${JSON.stringify(answer ?? null)}\n`);
    if (isRefused(answer)) context.complain(new RelayError("unprocessable", `${name} did not accept the event.`));
  } finally {
    await handler.close();
  }
}

function readEvent(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (thrown) {
    throw new RelayError("bad-request", `The event in ${file} cannot be read: ${thrown instanceof Error ? thrown.message : thrown}`, {
      cause: thrown,
    });
  }
}

/** Headers and a body are a call; anything else is an event as it is. */
function toSourceEvent(event: unknown, name: string): unknown {
  const { headers, body, requestContext } = (event ?? {}) as Readonly<Record<string, unknown>>;
  if (headers === undefined || body === undefined || requestContext !== undefined) return event;
  const path = `/sources/${name}`;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const call = { version: "2.0", routeKey: `POST ${path}`, rawPath: path, rawQueryString: "", isBase64Encoded: true };
  return {
    ...call,
    headers,
    body: Buffer.from(text).toString("base64"),
    requestContext: { http: { method: "POST", path }, requestId: "cli" },
  };
}

function isRefused(answer: unknown): boolean {
  const { statusCode = 200, batchItemFailures = [] } = (answer ?? {}) as {
    readonly statusCode?: number;
    readonly batchItemFailures?: readonly unknown[];
  };
  return statusCode >= 400 || batchItemFailures.length > 0;
}
