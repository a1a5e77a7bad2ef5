/** PGlite as a separate program, because creating its data folder keeps a processor busy for seconds while the broker starts. */
import { startSql } from "../sql/server.js";

const [dataFolder = "", port = ""] = process.argv.slice(2);
const server = await startSql({ dataFolder, port: Number(port) });
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.once(name, () => void server.stop().finally(() => process.exit()));
}
console.log(`ready ${server.url}`);
