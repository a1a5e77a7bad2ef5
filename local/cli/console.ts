/** `kafka-relay console`: the console for an API elsewhere, served on this machine. */
import type { AddressInfo } from "node:net";
import { parseConfig } from "../../lib/config.js";
import { awsCredentialsOf } from "../../lib/kafka/msk/environment.js";
import { signCall } from "../console/call-signature.js";
import { type ProxyOptions, startConsoleProxy } from "../console/proxy.js";
import { toCount } from "./arguments.js";
import { type Cli, type CliContext, usageError, withExamples } from "./cli.js";

interface ConsoleFlags {
  readonly url: string;
  readonly port: number;
  readonly token?: string;
  readonly region?: string;
  readonly readOnly?: boolean;
}

const portDefault = 8083;

export function registerConsole(cli: Cli): void {
  withExamples(
    cli.program
      .command("console")
      .description("Serve the console for an API elsewhere on this machine. Calls are signed with your AWS credentials, or carry a token.")
      .requiredOption("--url <address>", "the API: https://abc123.execute-api.eu-central-1.amazonaws.com")
      .option("--port <number>", "port to listen on", toCount, portDefault)
      .option("--token <token>", "send this bearer token instead of a signature (RELAY_TOKEN); none: send neither")
      .option("--region <name>", "region of the signature (default: the one in the address, or AWS_REGION)")
      .option("--read-only", "offer nothing that changes anything")
      .action(cli.action(run)),
    [
      "kafka-relay console --url https://abc123.execute-api.eu-central-1.amazonaws.com",
      "kafka-relay console --url https://relay.example.com --token none --read-only",
    ],
  );
}

async function run(context: CliContext, flags: ConsoleFlags): Promise<void> {
  const { world } = context;
  if (!/^https?:\/\/[^/]/.test(flags.url) || !URL.canParse(flags.url))
    throw usageError("--url must be the address of an API, such as https://relay.example.com.");
  const server = await startConsoleProxy({
    apiUrl: flags.url,
    port: flags.port,
    isReadOnly: flags.readOnly === true,
    authorize: authorizerOf(flags, world.env),
  });
  context.say(`The console for ${flags.url}: http://localhost:${(server.address() as AddressInfo).port}/console   (Ctrl-C ends it)`);
  await new Promise<void>((resolve) => world.interrupted.addEventListener("abort", () => resolve(), { once: true }));
  server.closeAllConnections();
  server.close();
}

function authorizerOf({ url, token, region }: ConsoleFlags, env: NodeJS.ProcessEnv): ProxyOptions["authorize"] {
  const given = token ?? env.RELAY_TOKEN;
  if (given === "none") return async () => ({});
  if (given !== undefined) return async () => ({ authorization: `Bearer ${given}` });
  const signedFor = region ?? /\.execute-api\.([a-z0-9-]+)\.amazonaws\./.exec(url)?.[1] ?? env.AWS_REGION;
  if (signedFor === undefined)
    throw usageError("The region of the signature is unknown. Give --region, or --token for an API that expects tokens, or --token none.");
  const config = parseConfig(env);
  return async (call) => signCall({ ...call, region: signedFor }, await awsCredentialsOf(config, signedFor), Date.now());
}
