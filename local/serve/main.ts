/** `kafka-relay serve` as a program of its own: the same command without the rest of the command line, so that it starts fast and fits into an image. */
import { createCli } from "../cli/cli.js";
import { registerServe } from "../cli/serve.js";
import { createWorld } from "../cli/world.js";

const cli = createCli(createWorld(process.env));
registerServe(cli);
// The reader of the output may go away; calls are still answered.
process.stdout.on("error", () => {});
process.exitCode = await cli.run(process.argv.slice(2));
process.exit();
