/** `kafka-relay dead-letters`: list, show, redrive, discard. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseConfig } from "../../lib/config.js";
import { RelayError } from "../../lib/errors.js";
import { toTimestampMs } from "../../lib/http/timestamp.js";
import { invokeInProcess } from "../../lib/relay/dead-letters/invoke-route.js";
import type { Letter } from "../../lib/relay/dead-letters/letter.js";
import { type FoundLetter, findLetters, type LetterChoice } from "../../lib/relay/dead-letters/letters.js";
import { isOutOfTime } from "../../lib/relay/dead-letters/out-of-time.js";
import { discard, redrive, redriveDefaults } from "../../lib/relay/dead-letters/redrive.js";
import { type RelayHandler, relay } from "../../lib/relay/relay.js";
import { createTelemetry } from "../../lib/telemetry.js";
import { deployedFunctions } from "../build/service-map.js";
import { collect, toCount } from "./arguments.js";
import { type Cli, type CliContext, usageError, withExamples } from "./cli.js";
import { findRoute, routesFolder } from "./route-files.js";

interface ChoiceOptions {
  readonly route?: string;
  readonly code?: string;
  readonly from?: number;
  readonly to?: number;
  readonly letter?: readonly string[];
  readonly all?: boolean;
  readonly limit?: number;
}

export function registerDeadLetters(cli: Cli): void {
  const noun = cli.noun("dead-letters", "Manage dead letters: records that a route could not deliver.", [
    "kafka-relay dead-letters list orders.dead-letters",
    "kafka-relay dead-letters show orders.dead-letters 0/17",
    "kafka-relay dead-letters redrive orders.dead-letters --code transform-failed",
    "kafka-relay dead-letters discard orders.dead-letters --letter 0/17",
  ]);
  const choosing = (name: string, description: string) =>
    noun
      .command(name)
      .description(description)
      .argument("<topic>", "the dead letter topic (by default `<source topic>.dead-letters`)")
      .option("--route <name>", "only letters of this route")
      .option("--code <code>", "only letters with this error code, such as record-refused or transform-failed")
      .option("--from <time>", "last attempt at or after this time: ISO-8601 or milliseconds", toTime)
      .option("--to <time>", "last attempt before this time", toTime)
      .option("--limit <count>", "at most this many letters", toCount);

  withExamples(
    choosing("list", "List dead letters, by default open ones.")
      .option("--state <state>", "open, redriven, discarded or any", toState)
      .action(cli.action(list)),
    [
      "kafka-relay dead-letters list orders.dead-letters --route billing --from 2026-01-31T00:00:00Z",
      "kafka-relay dead-letters list orders.dead-letters --state any --json",
    ],
  );
  withExamples(
    noun
      .command("show")
      .description("Show one dead letter: the reason and the original record.")
      .argument("<topic>")
      .argument("<letter>", "<partition>/<offset>, as printed by list")
      .action(cli.action(show)),
    ["kafka-relay dead-letters show orders.dead-letters 0/17"],
  );
  withExamples(
    choosing("redrive", "Send dead letters again and mark them as redriven.")
      .option("--letter <partition/offset>", "this letter; repeatable", collect)
      .option("--all", "every open letter")
      .option("--to-topic [name]", "to their source topic (or the named one): all of its consumers see them again")
      .option("--to-route [name]", "through their route (or the named one), with their original coordinates (default)")
      .option("--rate <count>", `letters per second (default: ${redriveDefaults.ratePerSecond})`, toCount)
      .option(
        "--redrives-max <count>",
        `skip letters that were already redriven this often (default: ${redriveDefaults.redrivesMax})`,
        toCount,
      )
      .action(cli.action(redriveLetters)),
    [
      "kafka-relay dead-letters redrive orders.dead-letters --all",
      "kafka-relay dead-letters redrive orders.dead-letters --letter 0/17 --to-topic",
    ],
  );
  withExamples(
    choosing("discard", "Mark dead letters as discarded. They stay in their topic until its retention deletes them.")
      .option("--letter <partition/offset>", "this letter; repeatable", collect)
      .option("--all", "every open letter")
      .action(cli.action(discardLetters)),
    ["kafka-relay dead-letters discard orders.dead-letters --code record-refused --to 2026-01-31T00:00:00Z"],
  );
}

async function list(
  context: CliContext,
  options: ChoiceOptions & { state?: LetterChoice["state"] },
  [topic = ""]: readonly string[],
): Promise<void> {
  const found: FoundLetter[] = [];
  const limit = options.limit ?? 1_000;
  let hasMore = false;
  let isCutShort = false;
  try {
    for await (const one of findLetters(await context.kafka(), topic, { ...toChoice(options), state: options.state }, context.deadline())) {
      hasMore = found.length >= limit;
      if (hasMore) break;
      found.push(one);
    }
  } catch (thrown) {
    isCutShort = isOutOfTime(thrown) && found.length > 0;
    if (!isCutShort) throw thrown;
  }
  context.print(found.map(toRow), [
    { title: "letter", cell: ({ letter }) => letter },
    { title: "state", cell: ({ state }) => state },
    { title: "route", cell: ({ route }) => route },
    { title: "code", cell: ({ code }) => code },
    { title: "status", cell: ({ status }) => status },
    { title: "last tried", cell: ({ last_time }) => last_time },
    { title: "redrives", cell: ({ redrives }) => redrives },
    { title: "from", cell: ({ origin }) => origin },
    { title: "message", cell: ({ message }) => message?.slice(0, 80) },
  ]);
  if (hasMore) context.say(`There are more than ${limit} dead letters. Use --limit to show more.`);
  if (isCutShort)
    context.complain(
      new RelayError("deadline-exceeded", "The timeout expired before the whole topic was read. There may be more dead letters."),
    );
}

async function show(context: CliContext, _: object, [topic = "", place = ""]: readonly string[]): Promise<void> {
  const choice: LetterChoice = { state: "any", places: [toPlace(place)] };
  for await (const found of findLetters(await context.kafka(), topic, choice, context.deadline())) {
    const { letter } = found;
    context.printOne({
      ...toRow(found),
      target: letter.target,
      stage: letter.stage,
      attempts: letter.attempts,
      first_time: letter.firstTime,
      answer: letter.answer,
      written_by: letter.writtenBy,
      key: toText(letter.record.key),
      value: toText(letter.record.value),
      headers: letter.record.headers.map(({ name, value }) => `${name}: ${toText(value) ?? "null"}`),
    });
    return;
  }
  throw new RelayError("not-found", `There is no dead letter at ${place} of ${topic}.`);
}

interface RedriveCliOptions extends ChoiceOptions {
  readonly toTopic?: string | true;
  readonly toRoute?: string | true;
  readonly rate?: number;
  readonly redrivesMax?: number;
}

async function redriveLetters(context: CliContext, options: RedriveCliOptions, [topic = ""]: readonly string[]): Promise<void> {
  const { toTopic, toRoute } = options;
  if (toTopic !== undefined && toRoute !== undefined) throw usageError("Use only one of --to-topic and --to-route.");
  const choice = assertChosen(options);
  const kafka = await context.kafka();
  const name = toTopic ?? toRoute;
  if (toTopic !== undefined) context.say("Every consumer of the topic will see these records again, not only this route.");
  const handlers = new Map<string, RelayHandler>();
  try {
    const result = await redrive(kafka, topic, {
      choice,
      to: toTopic === undefined ? "route" : "topic",
      name: typeof name === "string" ? name : undefined,
      invoke: invokeInProcess(async (route) => {
        const known = handlers.get(route);
        if (known !== undefined) return known;
        const handler = relay((await findRoute(route)).route, {
          kafka,
          config: parseConfig({ ...context.world.env, RELAY_PARTIAL_RESPONSES: "true" }),
          telemetry: createTelemetry({ level: "error", metrics: "off", write: (line) => void context.world.stderr.write(`${line}\n`) }),
        });
        handlers.set(route, handler);
        return handler;
      }),
      sourcesOf: declaredSources,
      ratePerSecond: options.rate ?? redriveDefaults.ratePerSecond,
      lettersMax: options.limit ?? redriveDefaults.lettersMax,
      redrivesMax: options.redrivesMax ?? redriveDefaults.redrivesMax,
      deadline: { leftMs: () => context.deadline().leftMs() },
      interrupted: context.world.interrupted,
      onLetter: (letter, outcome) => {
        if (outcome.outcome === "redriven") context.say(`${placeOf(letter)} redriven to ${outcome.to}`);
        else context.complain(new RelayError(outcome.error.code, `${placeOf(letter)}: ${outcome.error.message}`));
      },
    });
    const { redriven, failed, skipped, hasMore } = result;
    context.printOne({ redriven, failed, skipped, has_more: hasMore });
  } finally {
    await Promise.all([...handlers.values()].map((handler) => handler.close()));
  }
}

/** The topics that a route reads according to serverless.yml; undefined if the file is missing or a framework variable names them. */
function declaredSources(route: string): readonly string[] | undefined {
  const file = join(process.cwd(), "serverless.yml");
  if (!existsSync(file)) return undefined;
  const declared = deployedFunctions(readFileSync(file, "utf8")).find((one) => one.file === `${routesFolder}/${route}`);
  const topics = declared?.triggers.map(({ topic }) => topic) ?? [];
  return topics.length === 0 || topics.some((topic) => topic.includes("$")) ? undefined : topics;
}

async function discardLetters(context: CliContext, options: ChoiceOptions, [topic = ""]: readonly string[]): Promise<void> {
  const { discarded, hasMore } = await discard(
    await context.kafka(),
    topic,
    assertChosen(options),
    options.limit ?? 10_000,
    context.deadline(),
  );
  context.printOne({ discarded, has_more: hasMore });
}

function toChoice({ route, code, from, to, letter }: ChoiceOptions): LetterChoice {
  return { route, code, fromMs: from, toMs: to, places: letter?.map(toPlace) };
}

/** Letters must be selected explicitly, so nothing is redriven or discarded by accident. */
function assertChosen(options: ChoiceOptions): LetterChoice {
  const { route, code, from, to, letter, all } = options;
  if ([route, code, from, to, letter, all].every((one) => one === undefined)) {
    throw usageError("Select dead letters with --letter, --route, --code, --from or --to, or use --all.");
  }
  return toChoice(options);
}

function toRow({ letter, state, mark }: FoundLetter) {
  const { route, code, status, lastTime, redrives, origin, message } = letter;
  return {
    letter: placeOf(letter),
    state,
    ...(mark === undefined ? {} : { state_since: mark.time, redriven_to: mark.to }),
    route,
    code,
    status,
    last_time: lastTime,
    redrives,
    origin: origin === undefined ? undefined : `${origin.topic} ${origin.partition}/${origin.offset}`,
    message,
  };
}

const placeOf = ({ at }: Letter): string => `${at.partition}/${at.offset}`;

function toPlace(text: string) {
  const [, partition, offset] = /^(\d{1,9})\/(\d{1,19})$/.exec(text) ?? [];
  if (partition === undefined || offset === undefined)
    throw usageError(`${JSON.stringify(text)} is not a valid letter. The form is <partition>/<offset>, such as 0/17.`);
  return { partition: Number(partition), offset: BigInt(offset) };
}

function toTime(text: string): number {
  const ms = toTimestampMs(text);
  if (ms === undefined)
    throw usageError("It must be a time: ISO-8601 with a time zone, such as 2026-01-31T12:00:00Z, or milliseconds since 1970.");
  return ms;
}

function toState(text: string): NonNullable<LetterChoice["state"]> {
  if (text === "open" || text === "redriven" || text === "discarded" || text === "any") return text;
  throw usageError("It must be open, redriven, discarded or any.");
}

/** UTF-8 bytes as text, other bytes as base64. */
function toText(bytes: Buffer | null): string | null {
  if (bytes === null) return null;
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? text : `base64:${bytes.toString("base64")}`;
}
