/** `kafka-relay token`: a token for the local API when `npm start -- --auth jwt` requires one. */
import { createToken } from "../auth/tokens.js";
import { readBrokerSettings } from "../broker/settings.js";
import { toCount } from "./arguments.js";
import { type Cli, type CliContext, usageError, withExamples } from "./cli.js";

interface TokenOptions {
  readonly scopes: string;
  readonly groups?: string;
  readonly subject: string;
  readonly expires: number;
}

const expiresSecondsDefault = 3_600;
const expiresSecondsMax = 366 * 24 * 3_600;

export function registerToken(cli: Cli): void {
  withExamples(
    cli.program
      .command("token")
      .description("Print a token for the local API, which requires one with npm start -- --auth jwt.")
      .option("--scopes <scopes>", "comma-separated scopes: admin, produce, read, or scopes from RELAY_ACCESS_GRANTS", "admin")
      .option("--groups <groups>", "comma-separated groups from RELAY_ACCESS_GRANTS")
      .option("--subject <name>", "name of the caller", "laptop")
      .option("--expires <seconds>", "lifetime of the token", toCount, expiresSecondsDefault)
      .action(cli.action(print)),
    [
      "kafka-relay token --scopes produce",
      'curl -H "authorization: Bearer $(npm run --silent relay -- token --scopes read)" http://localhost:3000/topics',
    ],
  );
}

async function print({ write, world }: CliContext, { scopes, groups, subject, expires }: TokenOptions): Promise<void> {
  const names = scopes.split(",").map((scope) => scope.trim());
  if (names.some((name) => !/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(name)))
    throw usageError("--scopes must be a comma-separated list of names without spaces.");
  if (expires > expiresSecondsMax) throw usageError(`--expires must be at most ${expiresSecondsMax} seconds.`);
  const groupNames = groups?.split(",").map((group) => group.trim());
  if (groupNames?.some((name) => name === "")) throw usageError("--groups must be a comma-separated list of non-empty names.");
  const { dataFolder } = readBrokerSettings(world.env);
  const request = { subject, scopes: names, ...(groupNames === undefined ? {} : { groups: groupNames }), expiresInSeconds: expires };
  await write(`${await createToken(dataFolder, request, Date.now())}\n`);
}
