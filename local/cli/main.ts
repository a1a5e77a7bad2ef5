/** The program `kafka-relay` (`npm run relay --`): registers the commands. It is the only file of the CLI that reads the environment. */
import { registerAcls } from "./acls.js";
import { createCli } from "./cli.js";
import { registerCluster, registerElections, registerReassignments, registerRecords } from "./cluster.js";
import { registerConsole } from "./console.js";
import { registerDeadLetters } from "./dead-letters/dead-letters.js";
import { registerGroups } from "./groups/groups.js";
import { registerOffsets } from "./groups/offsets.js";
import { registerInit } from "./init.js";
import { registerConsume } from "./records/consume.js";
import { registerProduce } from "./records/produce.js";
import { registerRoutes } from "./routes/routes.js";
import { registerRun } from "./routes/run.js";
import { registerSchemas } from "./schemas/schemas.js";
import { registerServe } from "./serve.js";
import { registerSources } from "./sources/sources.js";
import { registerStart } from "./start.js";
import { registerToken } from "./token.js";
import { registerConfigs } from "./topics/configs.js";
import { registerTopics } from "./topics/topics.js";
import { createWorld } from "./world.js";

// `kafka-relay ... | head` closes the pipe. That is normal: exit quietly.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

const cli = createCli(createWorld(process.env));

// One line per noun: its file registers its commands.
registerTopics(cli);
registerProduce(cli);
registerConsume(cli);
registerRecords(cli);
registerGroups(cli);
registerOffsets(cli);
registerConfigs(cli);
registerAcls(cli);
registerReassignments(cli);
registerElections(cli);
registerCluster(cli);
registerDeadLetters(cli);
registerRoutes(cli);
registerSources(cli);
registerSchemas(cli);
registerRun(cli);
registerServe(cli);
registerConsole(cli);
registerStart(cli);
registerInit(cli);
registerToken(cli);

process.exitCode = await cli.run(process.argv.slice(2));
