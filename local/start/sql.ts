/** PGlite as a separate program, because creating its data folder keeps a processor busy for seconds while the broker starts. */
import { createOutbox } from "../demo/outbox.js";
import { startSql } from "../sql/server.js";

const [dataFolder = "", port = ""] = process.argv.slice(2);
const server = await startSql({ dataFolder, port: Number(port) });
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.once(name, () => void server.stop().finally(() => process.exit()));
}
// The source quakes-from-outbox reads it from the first minute.
await createOutbox(server.url);
console.log(`ready ${server.url}`);
