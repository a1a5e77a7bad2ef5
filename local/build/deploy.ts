/** `npm run deploy -- --stage NAME`: builds, packages and deploys with the credentials of the shell. Refuses what would deploy, and never work. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { projectFolder } from "./service-map.js";

const deployTimeoutMs = 30 * 60_000;

const { values } = parseArgs({ options: { stage: { type: "string" } } });
const arn = process.env.MSK_CLUSTER_ARN ?? "";
const faults = [
  ...(values.stage === undefined || values.stage === "local" ? ["name the stage: npm run deploy -- --stage dev"] : []),
  ...(/^arn:aws[\w-]*:kafka:[\w-]+:\d{12}:cluster\/.+/.test(arn)
    ? []
    : ["set MSK_CLUSTER_ARN to the cluster that the triggers read: arn:aws:kafka:<region>:<account>:cluster/<name>/<id>"]),
];
if (faults.length > 0) {
  console.error(`Nothing was deployed:\n  ${faults.join("\n  ")}`);
  process.exit(2);
}
const serverless = join(projectFolder, "node_modules/serverless/bin/serverless.js");
const { status } = spawnSync(process.execPath, [serverless, "deploy", "--stage", values.stage ?? ""], {
  cwd: projectFolder,
  stdio: "inherit",
  timeout: deployTimeoutMs,
  env: { ...process.env, SLS_NOTIFICATIONS_MODE: "off", SLS_TELEMETRY_DISABLED: "1" },
});
process.exit(status ?? 1);
