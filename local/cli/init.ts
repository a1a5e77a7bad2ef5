/** `kafka-relay init`: a small project with one route, its test and a deployment; and `kafka-relay add route`: one more route in such a project. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { isMap, parseDocument } from "yaml";
import { RelayError } from "../../lib/errors.js";
import { isTopicName } from "../../lib/kafka/topic-name.js";
import { type Cli, type CliContext, withExamples } from "./cli.js";
import { type Language, projectFiles, routeFiles } from "./init/templates.js";

interface InitFlags {
  readonly javascript?: boolean;
}

interface RouteFlags {
  readonly topic?: string;
}

/** Names of projects and routes are file names, package names and parts of function names. */
const namePattern = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const nameBytesMax = 60;

export function registerInit(cli: Cli): void {
  withExamples(
    cli.program
      .command("init")
      .description("Write a small project: one route with its test, serverless.yml, continuous integration and a README.")
      .argument("<folder>", "folder to create")
      .option("--javascript", "write JavaScript instead of TypeScript")
      .action(cli.action<InitFlags>(init)),
    ["kafka-relay init my-relay", "kafka-relay init my-relay --javascript"],
  );
  const add = cli.noun("add", "Parts of a project made by init.", ["kafka-relay add route order-mails --topic orders"]);
  withExamples(
    add
      .command("route")
      .description("Write a route, its test, and its entry in serverless.yml.")
      .argument("<name>", "name of the route, such as order-mails")
      .option("--topic <topic>", "topic that it reads (default: the name of the route)")
      .action(cli.action<RouteFlags>(addRoute)),
    ["kafka-relay add route order-mails --topic orders"],
  );
}

async function init({ say }: CliContext, { javascript = false }: InitFlags, [given = ""]: readonly string[]): Promise<void> {
  const folder = resolve(given);
  const name = basename(folder);
  assertName("The folder", name);
  if (existsSync(folder) && readdirSync(folder).some((file) => file !== ".git"))
    throw new RelayError("bad-request", `The folder ${given} is not empty. Name a folder that does not exist yet.`);
  writeAll(folder, projectFiles(name, javascript ? "javascript" : "typescript"));
  say(`Wrote ${given}. Continue with:\n\n  cd ${given}\n  npm install\n  npm start        # a broker, the API and the route\n  npm test\n`);
}

async function addRoute({ say }: CliContext, { topic }: RouteFlags, [name = ""]: readonly string[]): Promise<void> {
  assertName("The route", name);
  const source = topic ?? name;
  if (!isTopicName(source)) throw new RelayError("bad-request", `--topic: ${JSON.stringify(source)} is not a valid topic name.`);
  const file = "serverless.yml";
  if (!existsSync(file)) throw new RelayError("bad-request", "There is no serverless.yml here. Run the command in the project's folder.");
  const service = parseDocument(readFileSync(file, "utf8"));
  const path = ["custom", "kafkaRelay", "routes"];
  if (!isMap(service.getIn(path)))
    throw new RelayError(
      "bad-request",
      "serverless.yml has no custom.kafkaRelay.routes. Only projects with the plugin kafka-relay/serverless have routes there.",
    );
  if (service.hasIn([...path, name]))
    throw new RelayError("bad-request", `serverless.yml already has a route ${name}. Choose another name.`);
  const language: Language = existsSync("tsconfig.json") ? "typescript" : "javascript";
  const files = routeFiles(name, source, language);
  const present = Object.keys(files).find((one) => existsSync(one));
  if (present !== undefined) throw new RelayError("bad-request", `The file ${present} already exists. Choose another name.`);
  writeAll(".", files);
  service.setIn([...path, name], service.createNode({ topic: source }));
  writeFileSync(file, service.toString({ flowCollectionPadding: false, lineWidth: 0 }));
  say(`Wrote ${Object.keys(files).join(" and ")}, and added the route to serverless.yml: it reads ${source}.`);
}

function assertName(what: string, name: string): void {
  if (!namePattern.test(name) || name.length > nameBytesMax)
    throw new RelayError(
      "bad-request",
      `${what} ${JSON.stringify(name)} must have a name in kebab-case, such as my-relay, with at most ${nameBytesMax} characters.`,
    );
}

function writeAll(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}
