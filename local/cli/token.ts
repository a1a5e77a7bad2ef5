/** `kafka-relay token`: a token for the API on this machine, where `npm start -- --auth jwt` asks for one. */
import { createToken } from "../auth/tokens.js";
import { readSettings } from "../broker/settings.js";
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
      .description("Prints a token for the API on this machine, as npm start -- --auth jwt asks for one.")
      .option("--scopes <scopes>", "comma separated: admin, produce, read, or those of your RELAY_ACCESS_GRANTS", "admin")
      .option("--groups <groups>", "comma separated: groups that your RELAY_ACCESS_GRANTS name")
      .option("--subject <name>", "who is calling", "laptop")
      .option("--expires <seconds>", "how long it is good", toCount, expiresSecondsDefault)
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
    throw usageError("--scopes takes names without spaces, separated by commas.");
  if (expires > expiresSecondsMax) throw usageError(`--expires takes at most ${expiresSecondsMax} seconds.`);
  const groupNames = groups?.split(",").map((group) => group.trim());
  if (groupNames?.some((name) => name === "")) throw usageError("--groups takes names separated by commas, and none of them may be empty.");
  const { dataFolder } = readSettings(world.env);
  await write(
    `${createToken(dataFolder, { subject, scopes: names, ...(groupNames === undefined ? {} : { groups: groupNames }), expiresInSeconds: expires }, Date.now())}\n`,
  );
}
