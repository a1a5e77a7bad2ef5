/** `kafka-relay serve`: the whole API on a port of this machine. */
import { RelayError } from "../../lib/errors.js";
import type { ServeFlags } from "../serve/options.js";
import { type Cli, withExamples } from "./cli.js";

export function registerServe(cli: Cli): void {
  withExamples(
    cli.program
      .command("serve")
      .description("Serve the whole API over HTTP until it is interrupted. Each option has a variable: docs/serve.md.")
      .option("--port <number>", "port to listen on (RELAY_SERVE_PORT; default: 8082)")
      .option("--host <address>", "address to listen on (RELAY_SERVE_HOST; default: 127.0.0.1)")
      .option("--access <policy>", "everything, or grants for what RELAY_ACCESS_GRANTS allows (RELAY_ACCESS; default: grants)")
      .option("--workers <count>", "processes that answer calls (RELAY_SERVE_WORKERS; default: 1)")
      .option(
        "--routes [names]",
        "also run the routes of functions/routes: those that serverless.yml enables, or these (RELAY_SERVE_ROUTES)",
      )
      .option("--sources", "also answer the webhooks of functions/sources (RELAY_SERVE_SOURCES; default: off)")
      .option("--stage <name>", "the stage of serverless.yml whose parameters the routes have (RELAY_SERVE_STAGE)")
      .option("--log <form>", "lines, json or quiet (RELAY_SERVE_LOG; default: lines)")
      .option("--console", "offer the console at /console (RELAY_CONSOLE; default: off)")
      .action(
        cli.action<ServeFlags>(async ({ world }, flags) => {
          // Loaded here, so that no other command loads the API.
          const { serve } = await import("../serve/serve.js");
          const isFinished = await serve(flags, world);
          if (!isFinished) throw new RelayError("deadline-exceeded", "Some calls did not end in time. Raise RELAY_SERVE_DRAIN_MS.");
        }),
      ),
    [
      "kafka-relay serve --access everything",
      "kafka-relay serve --routes",
      "kafka-relay serve --routes strong-quakes,quakes-to-sql --stage prod",
      "kafka-relay serve --port 8080 --host 0.0.0.0 --workers 4 --log json",
    ],
  );
}
