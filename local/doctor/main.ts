/** `npm run doctor`: prints what a bug report needs, without secrets, and what would keep `npm start` from starting. Exits with 1 if something would. */
import pc from "picocolors";
import { readBrokerSettings } from "../broker/settings.js";
import { examine } from "./report.js";

try {
  const { rows, faults } = await examine(readBrokerSettings(process.env), process.env);
  const width = Math.max(...rows.map(([subject]) => subject.length)) + 2;
  for (const [subject, finding] of rows) console.log(`${pc.bold(subject.padEnd(width))}${finding}`);
  console.log(faults.length === 0 ? "\nnpm start has what it needs." : `\n${pc.red("npm start cannot start:")}\n${faults.join("\n")}`);
  process.exitCode = faults.length === 0 ? 0 : 1;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
