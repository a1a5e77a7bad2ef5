/** `npm run deploy` asks MSK and EC2 about the network of mappings before CloudFormation: both are recorded, and CloudFormation is out of reach. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectFolder } from "../../local/build/service-map.js";
import { clusterArn, startRecordedAws } from "../support/deployment/recorded-network.js";

const nobody = "127.0.0.1:1";
const secretArn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:demo-a";

test("a deployment names what the mappings' network lacks, and goes on", async () => {
  const aws = await startRecordedAws({ rules: [{ isEgress: true, port: -1, other: "0.0.0.0/0" }], endpoints: [] });

  const output = await deploy(aws.endpoint);
  await aws.stop();

  const warnings = output
    .split("\n")
    .filter((line) => line.startsWith("warning: the mappings of strongQuakes, quakesToSql, quakesToWebhook"));
  expect(warnings, output).toEqual([
    expect.stringContaining("no inbound rule of sg-0c allows TCP port 9098"),
    expect.stringContaining("the mapping cannot reach Lambda and STS"),
  ]);
  expect(output.lastIndexOf(`connect ECONNREFUSED ${nobody}`)).toBeGreaterThan(output.indexOf("cannot reach Lambda and STS"));
  expect(aws.asked).toHaveLength(5);
  // The region to sign in with is the cluster's, whatever the shell has.
  expect(output).not.toContain("needs AWS_REGION");
});

async function deploy(endpoint: string): Promise<string> {
  const parameters = {
    clusterArn,
    subnets: "subnet-0a1b2c3d4e5f60718",
    securityGroups: "sg-0a1b2c3d4e5f60718",
    demo: "true",
    brokers: nobody,
    grants: JSON.stringify([{ who: ["*"], may: ["record:*"] }]),
  };
  const given = Object.entries(parameters).flatMap(([name, value]) => ["--param", `${name}=${value}`]);
  const program = join(projectFolder, "node_modules/tsx/dist/cli.mjs");
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [program, "local/build/deploy.ts", "--stage", "prod", ...given], {
    cwd: projectFolder,
    timeout: 120_000,
    env: {
      PATH,
      HOME,
      AWS_ENDPOINT_URL: `http://${nobody}`,
      AWS_ENDPOINT_URL_KAFKA: endpoint,
      AWS_ENDPOINT_URL_EC2: endpoint,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      QUAKES_DATABASE_URL: secretArn,
      QUAKES_WEBHOOK_URL: "https://example.com/",
      QUAKES_WEBHOOK_SECRET: secretArn,
      SLS_NOTIFICATIONS_MODE: "off",
      SLS_TELEMETRY_DISABLED: "1",
    },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  await new Promise((resolve) => child.once("close", resolve));
  return output;
}
