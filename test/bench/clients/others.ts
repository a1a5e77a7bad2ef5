/** The clients that people would otherwise choose, as many of them as this machine can install. */
import type { BenchContext } from "../bench.js";
import type { BenchClient } from "./client.js";
import { openConfluent } from "./confluent.js";
import { type ClientPackage, type InstalledClient, installClient } from "./install.js";
import { openPlatformatic } from "./platformatic.js";

interface OtherClient extends ClientPackage {
  readonly open: (installed: InstalledClient, brokers: readonly string[]) => Promise<BenchClient>;
}

const others: readonly OtherClient[] = [
  // The newest line that runs on Node 20.
  { package: "@platformatic/kafka", version: "1.35.0", needsScripts: false, open: openPlatformatic },
  { package: "@confluentinc/kafka-javascript", version: "1.10.1", needsScripts: true, open: openConfluent },
];

/** Opens each in turn for `use`. A client that cannot be installed or opened is named with the result, and the next one is measured. */
export async function* withOtherClients<Row>(
  what: string,
  context: BenchContext,
  use: (client: BenchClient) => AsyncIterable<Row>,
): AsyncIterable<Row> {
  for (const other of others) {
    const name = `${other.package} ${other.version}`;
    context.log(`against ${name}`);
    const opened = await openInstalled(other, context.brokers);
    if ("missing" in opened) {
      context.notMeasured(`${what} against ${name}`, opened.missing);
      continue;
    }
    try {
      yield* use(opened);
    } finally {
      await opened.close();
    }
  }
}

async function openInstalled(other: OtherClient, brokers: readonly string[]): Promise<BenchClient | { readonly missing: string }> {
  const installed = await installClient(other);
  if ("missing" in installed) return installed;
  try {
    return await other.open(installed, brokers);
  } catch (error) {
    return { missing: `it could not be opened: ${(error as Error).message.split("\n")[0]}` };
  }
}
