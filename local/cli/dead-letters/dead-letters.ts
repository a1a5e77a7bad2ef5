/** `kafka-relay dead-letters`: list, show, redrive, discard. */
import type { Command } from "commander";
import { parseConfig } from "../../../lib/config.js";
import { RelayError } from "../../../lib/errors.js";
import { invokeInProcess } from "../../../lib/relay/dead-letters/invoke-route.js";
import type { Letter } from "../../../lib/relay/dead-letters/letter.js";
import { type FoundLetter, findLetters, type LetterChoice } from "../../../lib/relay/dead-letters/letters.js";
import { isOutOfTime } from "../../../lib/relay/dead-letters/out-of-time.js";
import { discard, redrive, redriveDefaults } from "../../../lib/relay/dead-letters/redrive.js";
import { type RelayHandler, relay } from "../../../lib/relay/relay.js";
import type { Route } from "../../../lib/relay/route.js";
import { createTelemetry } from "../../../lib/telemetry.js";
import { collect, toCount } from "../arguments.js";
import { type Cli, type CliContext, usageError, withExamples } from "../cli.js";
import { declaredRoutes } from "../routes/declared-routes.js";
import { findRoute, routesFolder } from "../routes/route-files.js";
import { findSources } from "../sources/source-files.js";
import { assertChosen, type ChoiceOptions, choosing, toChoice, toPlace, toState } from "./letter-choice.js";

export function registerDeadLetters(cli: Cli): void {
  const noun = cli.noun("dead-letters", "Manage dead letters: records that a route could not deliver.", [
    "kafka-relay dead-letters list orders.dead-letters",
    "kafka-relay dead-letters show orders.dead-letters 0/17",
    "kafka-relay dead-letters redrive orders.dead-letters --code transform-failed",
    "kafka-relay dead-letters discard orders.dead-letters --letter 0/17",
  ]);
  registerList(cli, noun);
  registerShow(cli, noun);
  registerRedrive(cli, noun);
  registerDiscard(cli, noun);
}

function registerList(cli: Cli, noun: Command): void {
  withExamples(
    choosing(noun, "list", "List dead letters, by default open ones.")
      .option("--state <state>", "open, redriven, discarded or any", toState)
      .action(cli.action(list)),
    [
      "kafka-relay dead-letters list orders.dead-letters --route billing --from 2026-01-31T00:00:00Z",
      "kafka-relay dead-letters list orders.dead-letters --state any --json",
    ],
  );
}

function registerShow(cli: Cli, noun: Command): void {
  withExamples(
    noun
      .command("show")
      .description("Show one dead letter: the reason and the original record.")
      .argument("<topic>")
      .argument("<letter>", "<partition>/<offset>, as printed by list")
      .action(cli.action(show)),
    ["kafka-relay dead-letters show orders.dead-letters 0/17"],
  );
}

function registerRedrive(cli: Cli, noun: Command): void {
  withExamples(
    choosing(noun, "redrive", "Send dead letters again and mark them as redriven.")
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
}

function registerDiscard(cli: Cli, noun: Command): void {
  withExamples(
    choosing(noun, "discard", "Mark dead letters as discarded. They stay in their topic until its retention deletes them.")
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
        const handler = relay(await rulesOf(route), {
          kafka,
          config: parseConfig({ ...context.world.env, RELAY_PARTIAL_RESPONSES: "true" }),
          telemetry: createTelemetry({ level: "error", metrics: "off", write: (line) => void context.world.stderr.write(`${line}\n`) }),
        });
        handlers.set(route, handler);
        return handler;
      }),
      sourcesOf: (route) => declaredSources(route, context.world.env),
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
/** Of a route, or of the source that the letter names. */
async function rulesOf(name: string): Promise<Route> {
  const source = (await findSources()).find(({ handler }) => handler?.source.name === name);
  return source?.handler?.source.route ?? (await findRoute(name)).route;
}

function declaredSources(route: string, env: NodeJS.ProcessEnv): readonly string[] | undefined {
  const declared = declaredRoutes(env)?.functions.find((one) => one.file === `${routesFolder}/${route}`);
  const topics = declared?.triggers.map(({ topic }) => topic) ?? [];
  return topics.length === 0 ? undefined : topics;
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

/** UTF-8 bytes as text, other bytes as base64. */
function toText(bytes: Buffer | null): string | null {
  if (bytes === null) return null;
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? text : `base64:${bytes.toString("base64")}`;
}
