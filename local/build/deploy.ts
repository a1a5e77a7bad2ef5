/** `npm run deploy -- --stage NAME [--param NAME=VALUE ...]`: checks, builds, packages and deploys with the credentials of the shell; `AWS_ENDPOINT_URL` is honoured. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { readOptions } from "../processes/options.js";
import { projectFolder } from "./service-map.js";

const deployTimeoutMs = 30 * 60_000;
/** The laptop's, and the one to look at. */
const notDeployed = ["local", "example"];

const values = readOptions({
  stage: { type: "string", default: "" },
  region: { type: "string" },
  param: { type: "string", multiple: true, default: [] },
});
if (values.stage === "" || notDeployed.includes(values.stage)) {
  console.error(
    `Nothing was deployed: name a stage other than ${notDeployed.join(" and ")}, as in npm run deploy -- --stage dev. docs/aws.md lists the parameters.`,
  );
  process.exit(2);
}
// The plugin (deployment/) reports what is missing or wrong, before anything is sent anywhere.
const args = [
  join(projectFolder, "node_modules/serverless/bin/serverless.js"),
  "deploy",
  "--stage",
  values.stage,
  ...(values.region === undefined ? [] : ["--region", values.region]),
  ...values.param.flatMap((param) => ["--param", param]),
];
const { status } = spawnSync(process.execPath, args, {
  cwd: projectFolder,
  stdio: "inherit",
  timeout: deployTimeoutMs,
  env: { ...process.env, SLS_NOTIFICATIONS_MODE: "off", SLS_TELEMETRY_DISABLED: "1" },
});
process.exit(status ?? 1);
