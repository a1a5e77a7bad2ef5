/** `kafka-relay schemas`: list, show, register and check the schemas of a registry with Confluent's API. */
import type { Command } from "commander";
import { RelayError } from "../../../lib/errors.js";
import type {
  ResolvedSchema,
  SchemaReference,
  SchemaRegistry,
  SchemaType,
  SubjectVersion,
} from "../../../lib/schemas/registry/registry.js";
import { toCount } from "../arguments.js";
import { type Cli, type CliContext, usageError, withExamples } from "../cli.js";
import { printable } from "../output.js";
import { type RegistryOption, registryFlag, registryHelp, withRegistry } from "./registry-context.js";
import { assertUsable, collectReferences, readSchemaFile, toSchemaType } from "./schema-file.js";

export function registerSchemas(cli: Cli): void {
  const noun = cli.noun("schemas", "Manage the schemas of a registry with Confluent's API.", [
    "kafka-relay schemas list",
    "kafka-relay schemas show orders-value",
    "kafka-relay schemas register orders-value order.avsc",
    "kafka-relay schemas check orders-value order.avsc",
  ]);
  registerList(cli, noun);
  registerShow(cli, noun);
  registerRegister(cli, noun);
  registerCheck(cli, noun);
}

function registerList(cli: Cli, noun: Command): void {
  withExamples(
    noun
      .command("list")
      .description("List all subjects, or those that begin with a text, with their latest version.")
      .argument("[prefix]")
      .option(registryFlag, registryHelp)
      .action(cli.action(list)),
    ["kafka-relay schemas list", "kafka-relay schemas list orders --json"],
  );
}

function registerShow(cli: Cli, noun: Command): void {
  withExamples(
    noun
      .command("show")
      .description("Show a schema: the latest of a subject, or another version, or the schema with an id.")
      .argument("[subject]")
      .option("--version-number <number>", "this version of the subject", toCount)
      .option("--id <id>", "the schema that records name by this id", toCount)
      .option("--guid <guid>", "the schema that records name by this GUID")
      .option("--raw", "print the text of the schema alone")
      .option(registryFlag, registryHelp)
      .action(cli.action(show)),
    ["kafka-relay schemas show orders-value", "kafka-relay schemas show --id 7 --raw > order.avsc"],
  );
}

function withFileOptions(command: Command): Command {
  return command
    .argument("<subject>")
    .argument("<file>")
    .option("--type <format>", "avro, jsonschema or protobuf (default: by the file's ending .avsc, .json or .proto)", toSchemaType)
    .option("--reference <name=subject:version>", "a schema of the registry that this one uses; repeatable", collectReferences)
    .option(registryFlag, registryHelp);
}

function registerRegister(cli: Cli, noun: Command): void {
  withExamples(
    withFileOptions(noun.command("register").description("Register the schema in a file, unless the subject already has it.")).action(
      cli.action(register),
    ),
    [
      "kafka-relay schemas register orders-value order.avsc",
      "kafka-relay schemas register orders-value order.proto --reference customer.proto=customers-value:3",
    ],
  );
}

function registerCheck(cli: Cli, noun: Command): void {
  withExamples(
    withFileOptions(
      noun
        .command("check")
        .description("Check a schema in a file without registering it: whether it can be used, and whether the subject accepts it."),
    ).action(cli.action(check)),
    ["kafka-relay schemas check orders-value order.avsc"],
  );
}

/** Questions to the registry at the same time. */
const questionsMax = 8;

async function list(context: CliContext, options: RegistryOption, [prefix = ""]: readonly string[]): Promise<void> {
  const rows = await withRegistry(context, options, async (registry) => {
    const subjects = (await registry.subjects(context.deadline())).filter((subject) => subject.startsWith(prefix)).sort();
    const found: Awaited<ReturnType<typeof latestOf>>[] = [];
    for (let from = 0; from < subjects.length; from += questionsMax) {
      const some = subjects.slice(from, from + questionsMax);
      found.push(...(await Promise.all(some.map((subject) => latestOf(context, registry, subject)))));
    }
    return found;
  });
  context.print(rows, [
    { title: "subject", cell: ({ subject }) => subject },
    { title: "version", cell: ({ version }) => version },
    { title: "id", cell: ({ id }) => id },
    { title: "type", cell: ({ type }) => type },
  ]);
}

/** A subject whose versions were deleted meanwhile has none; another failure of one subject does not hide the others. */
async function latestOf(context: CliContext, registry: SchemaRegistry, subject: string) {
  try {
    const { version, id, type } = await registry.byVersion(subject, "latest", context.deadline());
    return { subject, version, id, type };
  } catch (thrown) {
    if (!(thrown instanceof RelayError) || thrown.failure.blame === "target" || thrown.failure.blame === "us") throw thrown;
    context.complain(new RelayError(thrown.code, `${subject}: ${thrown.message}`));
    return { subject, version: undefined, id: undefined, type: undefined };
  }
}

interface ShowOptions extends RegistryOption {
  readonly versionNumber?: number;
  readonly id?: number;
  readonly guid?: string;
  readonly raw?: boolean;
}

async function show(context: CliContext, options: ShowOptions, [subject]: readonly string[]): Promise<void> {
  const ways = [subject, options.id, options.guid].filter((given) => given !== undefined);
  if (ways.length !== 1) throw usageError("Name either a subject, --id or --guid.");
  if (options.versionNumber !== undefined && subject === undefined)
    throw usageError("--version-number needs a subject: an id names one schema already.");
  const found = await withRegistry(context, options, (registry) => find(context, registry, options, subject));
  if (options.raw === true) return context.write(`${found.text}${found.text.endsWith("\n") ? "" : "\n"}`);
  const { text, references, type, ...place } = found;
  const uses = references.map(({ name, subject: from, version }) => `${name}=${from}:${version}`);
  if (context.isJson) return context.printOne({ ...place, type, references, schema: text });
  context.printOne({ ...place, type, ...(uses.length === 0 ? {} : { references: uses }) });
  return context.write(`\n${printable(text)}\n`);
}

type Found = Pick<ResolvedSchema, "type" | "text" | "references"> & Partial<Pick<SubjectVersion, "id" | "subject" | "version" | "guid">>;

async function find(context: CliContext, registry: SchemaRegistry, options: ShowOptions, subject: string | undefined): Promise<Found> {
  const deadline = context.deadline();
  if (subject !== undefined) {
    const { version, id, guid, type, text, references } = await registry.byVersion(subject, options.versionNumber ?? "latest", deadline);
    return { subject, version, id, ...(guid === undefined ? {} : { guid }), type, text, references };
  }
  const { id, guid } = options;
  const { type, text, references } = id === undefined ? await registry.byGuid(guid ?? "", deadline) : await registry.byId(id, deadline);
  return { ...(id === undefined ? { guid: guid ?? "" } : { id }), type, text, references };
}

interface FileOptions extends RegistryOption {
  readonly type?: SchemaType;
  readonly reference?: readonly SchemaReference[];
}

async function register(context: CliContext, options: FileOptions, [subject = "", file = ""]: readonly string[]): Promise<void> {
  const schema = await readSchemaFile(file, options.type, options.reference);
  const { version, id } = await withRegistry(context, options, async (registry) => {
    await assertUsable(await registry.resolve(schema, context.deadline()));
    return registry.register(subject, schema, context.deadline());
  });
  if (context.isJson) context.printOne({ subject, version, id, type: schema.type });
  else context.say(`${subject} has the schema as version ${version}, with the id ${id}.`);
}

async function check(context: CliContext, options: FileOptions, [subject = "", file = ""]: readonly string[]): Promise<void> {
  const schema = await readSchemaFile(file, options.type, options.reference);
  const reasons = await withRegistry(context, options, async (registry) => {
    await assertUsable(await registry.resolve(schema, context.deadline()));
    return registry.incompatibilities(subject, schema, context.deadline());
  });
  if (context.isJson) context.printOne({ subject, is_compatible: reasons.length === 0, reasons });
  else if (reasons.length === 0) context.say(`${subject} accepts the schema in ${file}.`);
  for (const reason of reasons) context.complain(new RelayError("schema-refused", `${subject} does not accept the schema: ${reason}`));
}
