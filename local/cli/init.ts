/** `kafka-relay init`: a small project with one route, its test and a deployment; and `kafka-relay add`: one more route or source in such a project. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { type Document, isMap, parseDocument } from "yaml";
import { RelayError } from "../../lib/errors.js";
import { isTopicName } from "../../lib/kafka/topic-name.js";
import { type Cli, type CliContext, withExamples } from "./cli.js";
import { secretVariableOf, sourceEntry, sourceFiles } from "./init/source-templates.js";
import { type Language, projectFiles, routeFiles } from "./init/templates.js";

interface InitFlags {
  readonly javascript?: boolean;
}

interface PartFlags {
  readonly topic?: string;
}

const serviceFile = "serverless.yml";
const section = ["custom", "kafkaRelay"];

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
  const add = cli.noun("add", "Parts of a project made by init.", [
    "kafka-relay add route order-mails --topic orders",
    "kafka-relay add source order-hooks --topic orders",
  ]);
  withExamples(
    add
      .command("route")
      .description("Write a route, its test, and its entry in serverless.yml.")
      .argument("<name>", "name of the route, such as order-mails")
      .option("--topic <topic>", "topic that it reads (default: the name of the route)")
      .action(cli.action<PartFlags>(addRoute)),
    ["kafka-relay add route order-mails --topic orders"],
  );
  withExamples(
    add
      .command("source")
      .description("Write a source that receives signed webhooks, its test, and its entry in serverless.yml.")
      .argument("<name>", "name of the source, such as order-hooks; it answers POST /sources/<name>")
      .option("--topic <topic>", "topic that it writes to (default: the name of the source)")
      .action(cli.action<PartFlags>(addSource)),
    ["kafka-relay add source order-hooks --topic orders"],
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

/** What `kafka-relay add` writes: files, and an entry of custom.kafkaRelay. */
interface Part {
  readonly kind: "route" | "source";
  readonly name: string;
  readonly files: (language: Language) => Readonly<Record<string, string>>;
  readonly entry: object;
}

async function addRoute({ say }: CliContext, { topic }: PartFlags, [name = ""]: readonly string[]): Promise<void> {
  assertName("The route", name);
  const read = topicOf(name, topic);
  const files = addPart({ kind: "route", name, files: (language) => routeFiles(name, read, language), entry: { topic: read } });
  say(`Wrote ${files}, and added the route to serverless.yml: it reads ${read}.`);
}

async function addSource({ say }: CliContext, { topic }: PartFlags, [name = ""]: readonly string[]): Promise<void> {
  assertName("The source", name);
  const written = topicOf(name, topic);
  const files = addPart({ kind: "source", name, files: (language) => sourceFiles(name, written, language), entry: sourceEntry(name) });
  say(
    `Wrote ${files}, and added the source to serverless.yml: it writes what POST /sources/${name} receives to ${written}. ` +
      `Set ${secretVariableOf(name)} to the secret that the sender signs with, such as whsec_ and base64.`,
  );
}

function topicOf(name: string, given: string | undefined): string {
  const topic = given ?? name;
  if (!isTopicName(topic)) throw new RelayError("bad-request", `--topic: ${JSON.stringify(topic)} is not a valid topic name.`);
  return topic;
}

/** Returns the names of the files that it wrote, in words. Writes nothing if any name is in use. */
function addPart({ kind, name, files: filesOf, entry }: Part): string {
  const service = readService();
  const inUse = (["route", "source"] as const).find((one) => service.hasIn([...section, `${one}s`, name]));
  if (inUse !== undefined) throw new RelayError("bad-request", `serverless.yml already has a ${inUse} ${name}. Choose another name.`);
  const files = filesOf(existsSync("tsconfig.json") ? "typescript" : "javascript");
  const present = Object.keys(files).find((one) => existsSync(one));
  if (present !== undefined) throw new RelayError("bad-request", `The file ${present} already exists. Choose another name.`);
  const path = [...section, `${kind}s`];
  // A section without entries, such as `sources: {}`, is a flow of one line, and becomes a block.
  if (isEmpty(service.getIn(path))) service.setIn(path, service.createNode({ [name]: entry }));
  else service.setIn([...path, name], service.createNode(entry));
  writeAll(".", files);
  writeFileSync(serviceFile, service.toString({ flowCollectionPadding: false, lineWidth: 0 }));
  return Object.keys(files).join(" and ");
}

const isEmpty = (node: unknown): boolean => !isMap(node) || node.items.length === 0;

function readService(): Document.Parsed {
  if (!existsSync(serviceFile))
    throw new RelayError("bad-request", "There is no serverless.yml here. Run the command in the project's folder.");
  const service = parseDocument(readFileSync(serviceFile, "utf8"));
  if (service.errors[0] !== undefined)
    throw new RelayError("bad-request", `serverless.yml is not valid YAML: ${service.errors[0].message}`);
  const parts = ["routes", "sources"].map((part) => service.getIn([...section, part]));
  // An entry cannot be added to a text such as ${file(routes.yml)}.
  if (!isMap(service.getIn(section)) || parts.some((part) => part !== undefined && part !== null && !isMap(part)))
    throw new RelayError(
      "bad-request",
      "serverless.yml has no custom.kafkaRelay whose routes and sources are maps. Only projects with the plugin kafka-relay/serverless have routes and sources there.",
    );
  return service;
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
