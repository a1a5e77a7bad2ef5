/** PGlite as a program of its own: making its data folder keeps a processor busy for seconds, beside the broker's start. */
import { startSql } from "../sql/server.js";

const [dataFolder = "", port = ""] = process.argv.slice(2);
const server = await startSql({ dataFolder, port: Number(port) });
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.once(name, () => void server.stop().finally(() => process.exit()));
}
console.log(`ready ${server.url}`);
