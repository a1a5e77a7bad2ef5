/**
 * `npm run demo`, while `npm start` runs: sends a week of real earthquakes into Kafka from three sides (HTTP, signed webhooks, an SQL outbox), and through three
 * routes into a topic, a table and a webhook. Prints the totals, and exits with code 1 if a record is missing or duplicated. `--pause-ms N` sets the pause between two requests.
 */
import { setTimeout as wait } from "node:timers/promises";
import { SingleBar } from "cli-progress";
import pc from "picocolors";
import { readBrokerSettings } from "../broker/settings.js";
import { readOptions } from "../processes/options.js";
import { holderOf, holderWords } from "../processes/ports.js";
import { localDatabaseUrl, localWebhookSecret } from "../start/environment.js";
import { createApi, type DemoApi, type Follower, type ReadRecord } from "./api.js";
import { type Expected, expectedOf, type Quake, quakesOf } from "./quakes.js";
import { type Receiver, startReceiver } from "./receiver.js";
import { partsOf, type Side, sidesOf } from "./sides.js";
import { rowsOf } from "./sql-rows.js";
import { isComplete, isRight, type Seen, sumsOf, type Tally, tableOf } from "./sums.js";

/** The longest time without a new record anywhere. */
const stillMaxMs = 180_000;
const pollMs = 500;
/** Time for duplicates to appear after everything has arrived. */
const settleMs = 2_000;
const reasonHeader = "relay.error.message";

const values = readOptions({ "pause-ms": { type: "string", default: "100" } });
const pauseMs = Number(values["pause-ms"]);
if (!(pauseMs >= 0 && pauseMs <= 60_000)) {
  console.error(`--pause-ms must be between 0 and 60000, not ${JSON.stringify(values["pause-ms"])}`);
  process.exit(2);
}

try {
  process.exitCode = await demo();
} catch (error) {
  console.error(`\n${pc.red((error as Error).message)}`);
  process.exitCode = 1;
}

async function demo(): Promise<number> {
  const settings = readBrokerSettings(process.env);
  const api = createApi(`http://127.0.0.1:${settings.httpPort}`);
  if (!(await api.isUp())) {
    throw new Error(`Nothing answers on http://localhost:${settings.httpPort}. Run npm start in another terminal first.`);
  }
  const holder = await holderOf(settings.webhookPort);
  if (holder !== undefined) {
    throw new Error(
      `Port ${settings.webhookPort} is in use ${holderWords(holder)}. The demo's webhook receiver needs it. Stop that program first.`,
    );
  }
  const run = Date.now().toString(36);
  const quakes = quakesOf(run);
  const receiver = await startReceiver(settings.webhookPort, localWebhookSecret);
  try {
    const watch = await createWatch(api, run, settings.sqlPort, receiver);
    console.log(
      `${quakes.length} earthquakes, run ${run}. Sources: quakes-from-webhook, quakes-from-outbox. Routes: strong-quakes, quakes-to-sql, quakes-to-webhook.`,
    );
    const sides = sidesOf(quakes, { api, run, databaseUrl: localDatabaseUrl(settings.sqlPort), webhookSecret: localWebhookSecret });
    const expected = expectedOf(quakes, sides);
    await send(api, sides, watch);
    const seen = await untilComplete(expected, watch);
    return report(quakes.length, expected, seen, receiver, watch.reasons);
  } finally {
    await receiver.stop();
  }
}

interface Watch {
  /** Checks every place again and returns everything seen so far. */
  readonly look: () => Promise<Seen>;
  readonly reasons: ReadonlySet<string>;
}

async function createWatch(api: DemoApi, run: string, sqlPort: number, receiver: Receiver): Promise<Watch> {
  const [inTopic, strong, deadLetters] = await Promise.all(
    ["earthquakes", "strong-earthquakes", "earthquakes.dead-letters"].map((topic) => api.follow(topic)),
  );
  const tallies = { inTopic: new Map<string, number>(), strong: new Map<string, number>(), deadLetters: new Map<string, number>() };
  const reasons = new Set<string>();
  const takeInto = async (follower: Follower | undefined, tally: Map<string, number>): Promise<void> => {
    for (const record of (await follower?.take()) ?? []) {
      const id = idOf(record);
      if (id === undefined || !id.endsWith(`.${run}`)) continue;
      tally.set(id, (tally.get(id) ?? 0) + 1);
      const reason = record.headers.find(({ name }) => name === reasonHeader)?.value;
      if (reason !== undefined && reason !== null) reasons.add(reason);
    }
  };
  let sqlRows: Tally = new Map();
  return {
    reasons,
    look: async () => {
      await Promise.all([
        takeInto(inTopic, tallies.inTopic),
        takeInto(strong, tallies.strong),
        takeInto(deadLetters, tallies.deadLetters),
        rowsOf(localDatabaseUrl(sqlPort), run).then((rows) => {
          sqlRows = rows ?? sqlRows;
        }),
      ]);
      const webhooks = new Map([...receiver.accepted].filter(([id]) => id.endsWith(`.${run}`)).map(([id, ids]) => [id, ids.size]));
      return { ...tallies, sqlRows, webhooks };
    },
  };
}

function idOf({ value }: ReadRecord): string | undefined {
  const id = (value as { readonly id?: unknown } | null)?.id;
  return typeof id === "string" ? id : undefined;
}

/** Sends every quake, from all sides in turn. After a missing answer, what is already in the topic is not sent again, except by systems that cannot know that. */
async function send(api: DemoApi, sides: readonly Side[], watch: Watch): Promise<void> {
  const total = sides.reduce((sum, { quakes }) => sum + quakes.length, 0);
  const bar = new SingleBar({
    format: "sent     {bar} {value}/{total}",
    hideCursor: true,
    noTTYOutput: !process.stdout.isTTY,
    notTTYSchedule: 2_000,
  });
  bar.start(total, 0);
  const parts = sides.map((side) => ({ side, left: [...partsOf(side)] }));
  for (let sent = 0; sent < total; await wait(pauseMs)) {
    for (const { side, left } of parts) {
      const part = left.shift() ?? [];
      await sendPart(api, side, part, watch);
      sent += part.length;
    }
    bar.update(sent);
  }
  bar.stop();
}

async function sendPart(api: DemoApi, { send: sendSome, mayRepeat }: Side, part: readonly Quake[], watch: Watch): Promise<void> {
  for (let open = part; open.length > 0; ) {
    open = await sendSome(open);
    if (open.length === 0) return;
    await api.untilUp();
    if (mayRepeat) continue;
    const { inTopic } = await watch.look();
    open = open.filter(({ id }) => !inTopic.has(id));
  }
}

async function untilComplete(expected: Expected, watch: Watch): Promise<Seen> {
  const total =
    expected.sent.reduce((sum, { ids }) => sum + ids.size, 0) + expected.strong.size * 2 + expected.refused.size + expected.inSql.size;
  const bar = new SingleBar({
    format: "arrived  {bar} {value}/{total}",
    hideCursor: true,
    noTTYOutput: !process.stdout.isTTY,
    notTTYSchedule: 2_000,
  });
  bar.start(total, 0);
  let last = -1;
  let changedAt = Date.now();
  try {
    for (;;) {
      const seen = await watch.look();
      const sums = sumsOf(expected, seen);
      const found = sums.reduce((count, sum) => count + sum.found, 0);
      bar.update(found);
      if (found !== last) changedAt = Date.now();
      last = found;
      if (isComplete(sums) || Date.now() - changedAt > stillMaxMs) break;
      await wait(pollMs);
    }
    await wait(settleMs);
    return await watch.look();
  } finally {
    bar.stop();
  }
}

function report(sent: number, expected: Expected, seen: Seen, { counts }: Receiver, reasons: ReadonlySet<string>): number {
  const sums = sumsOf(expected, seen);
  console.log(tableOf(sent, sums));
  for (const reason of reasons) console.log(`Reason of the dead letters: ${reason}`);
  console.log(`The receiver failed ${counts.refusedOnPurpose} times on purpose. Each of these deliveries was repeated.`);
  if (counts.badSignatures > 0) console.log(pc.red(`${counts.badSignatures} webhooks had an invalid signature.`));
  const wrong = sums.filter((sum) => !isRight(sum));
  for (const { what, missing, unexpected, doubled } of wrong) {
    console.log(pc.red(`${what}: missing ${sample(missing)}; unexpected ${sample(unexpected)}; duplicated ${sample(doubled)}`));
  }
  const isGood = wrong.length === 0 && counts.badSignatures === 0;
  console.log(isGood ? pc.green("Every record arrived where it should.") : pc.red("The totals do not match."));
  return isGood ? 0 : 1;
}

/** A function and not a constant: the program above runs before a constant down here has a value. */
function sample(ids: readonly string[]): string {
  return ids.length === 0 ? "none" : `${ids.length} (${ids.slice(0, 3).join(", ")}${ids.length > 3 ? ", ..." : ""})`;
}
