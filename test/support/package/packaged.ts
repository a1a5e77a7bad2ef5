/** The service packaged as `npm run package` does it, without network and without credentials: what is in its template, and its output. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../../../local/build/service-map.js";
import { runFolder } from "../run/run-folder.js";

interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: CloudFormation's own shapes, looked into by path
  readonly Properties: any;
}

interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

export interface Packaged {
  readonly status: number | null;
  readonly output: string;
  readonly resources: Readonly<Record<string, Resource>>;
  readonly outputs: Readonly<Record<string, unknown>>;
  /** A copy of the whole template. */
  readonly templatePath: string;
  /** What was written beside it: "egress.md". */
  readonly pages: Readonly<Record<string, string>>;
  readonly ofType: (type: string) => readonly Resource["Properties"][];
  /** Every statement of the role that the function runs as. */
  readonly statementsOf: (functionKey: string) => readonly Statement[];
}

const account = "eu-central-1:123456789012";
/** A stage with everything; `without` and `more` change it. */
export const parameters: Readonly<Record<string, string>> = {
  clusterArn: `arn:aws:kafka:${account}:cluster/prod/11111111-1111-1111-1111-111111111111-1`,
  subnets: "subnet-0a1b2c3d4e5f60718,subnet-1a1b2c3d4e5f60718",
  securityGroups: "sg-0a1b2c3d4e5f60718",
  topicPrefix: "team-a.",
  alarmsTopic: `arn:aws:sns:${account}:on-call`,
  corsOrigins: "https://app.example.com",
  grants: '[{"who":["arn:aws:sts::123456789012:assumed-role/app/*"],"may":["record:write"],"on":["team-a.*"]}]',
  permissionsBoundary: "arn:aws:iam::123456789012:policy/teams",
  tags: "team=orders,cost-centre=1234",
  kmsKey: `arn:aws:kms:${account}:key/11111111-1111-1111-1111-111111111111`,
  tracing: "on",
  demo: "on",
  quakesDatabase: `arn:aws:secretsmanager:${account}:secret:quakes-database-AbCdEf`,
  quakesWebhook: "https://hooks.example.com/quakes",
  quakesWebhookSecret: `arn:aws:secretsmanager:${account}:secret:quakes-webhook-AbCdEf`,
};

interface Written {
  readonly status: number | null;
  readonly output: string;
  readonly resources: Readonly<Record<string, Resource>>;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly pages: Readonly<Record<string, string>>;
}

/** The same stage with the same parameters is packaged once in a run. */
export function packageService(stage: string, given: Readonly<Record<string, string>> = parameters): Packaged {
  const folder = join(runFolder(), "packages");
  mkdirSync(folder, { recursive: true });
  const name = createHash("sha256")
    .update(JSON.stringify([stage, given]))
    .digest("hex")
    .slice(0, 20);
  const path = join(folder, `${name}.json`);
  const templatePath = join(folder, `${name}.template.json`);
  if (!existsSync(path)) {
    const written = writePackage(stage, given);
    if (written.status === 0) copyFileSync(builtTemplate, templatePath);
    writeFileSync(path, JSON.stringify(written));
  }
  return toPackaged(JSON.parse(readFileSync(path, "utf8")) as Written, templatePath);
}

const builtTemplate = join(projectFolder, ".build/package/cloudformation-template-update-stack.json");
const pageNames = ["egress.md", "acls.md"];

function writePackage(stage: string, given: Readonly<Record<string, string>>): Written {
  const { PATH, HOME } = process.env;
  const program = [join(projectFolder, "node_modules/tsx/dist/cli.mjs"), "local/build/package.ts", "--stage", stage];
  // A missing proxy, so every network request fails. And no credentials from any source.
  const nowhere = { HTTPS_PROXY: "http://127.0.0.1:1", HTTP_PROXY: "http://127.0.0.1:1" };
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...program, ...Object.entries(given).flatMap(([name, value]) => ["--param", `${name}=${value}`])],
    {
      cwd: projectFolder,
      encoding: "utf8",
      env: { PATH, HOME, AWS_EC2_METADATA_DISABLED: "true", ...nowhere },
    },
  );
  const isWritten = status === 0;
  return {
    status,
    output: `${stdout}${stderr}`,
    ...(isWritten ? readTemplate() : { resources: {}, outputs: {} }),
    pages: isWritten ? Object.fromEntries(pageNames.map((page) => [page, readFileSync(join(projectFolder, ".build", page), "utf8")])) : {},
  };
}

function toPackaged(written: Written, templatePath: string): Packaged {
  const { resources } = written;
  const ofType = (type: string) =>
    Object.values(resources)
      .filter(({ Type }) => Type === type)
      .map(({ Properties }) => Properties);
  return {
    ...written,
    templatePath,
    ofType,
    statementsOf: (key) => {
      const lambda = ofType("AWS::Lambda::Function").find(({ FunctionName }) => FunctionName.endsWith(`-${key}`));
      const role = resources[lambda?.Role["Fn::GetAtt"][0]];
      return (
        role?.Properties.Policies.flatMap(
          ({ PolicyDocument }: { PolicyDocument: { Statement: Statement[] } }) => PolicyDocument.Statement,
        ) ?? []
      );
    },
  };
}

function readTemplate(): Pick<Written, "resources" | "outputs"> {
  const { Resources, Outputs } = JSON.parse(readFileSync(builtTemplate, "utf8")) as {
    readonly Resources: Written["resources"];
    readonly Outputs: Written["outputs"];
  };
  return { resources: Resources, outputs: Outputs };
}
