/** `kafka-relay acls`: list, create, delete. */
import { type Command, Option } from "commander";
import { toAclMembers } from "../../lib/http/rest/v3-acls.js";
import {
  type Acl,
  type AclFilter,
  aclOperationNames,
  aclPatternTypes,
  aclPermissions,
  aclResourceTypes,
  createAcls,
  deleteAcls,
  findAcls,
} from "../../lib/kafka/admin/acls.js";
import { type Cli, type CliContext, usageError, withExamples } from "./cli.js";

export function registerAcls(cli: Cli): void {
  const acls = cli.noun("acls", "Manage the cluster's access control lists.", [
    "kafka-relay acls list --resource-type topic",
    "kafka-relay acls create --resource-type topic --resource-name orders --principal User:alice --operation read",
  ]);

  withExamples(
    searched(acls.command("list").description("List the ACLs that match. An omitted option matches any value.")).action(cli.action(list)),
    ["kafka-relay acls list", "kafka-relay acls list --principal User:alice --json"],
  );

  withExamples(
    searched(acls.command("create").description("Create an ACL. It allows by default; use --permission deny to deny.")).action(
      cli.action(create),
    ),
    [
      "kafka-relay acls create --resource-type topic --resource-name orders --principal User:alice --operation read",
      "kafka-relay acls create --resource-type topic --resource-name team- --pattern-type prefixed --principal User:bob --operation write",
    ],
  );

  withExamples(
    searched(acls.command("delete").description("Delete the ACLs that match, and print them."))
      .option("--all", "delete every ACL; required when no other option is given")
      .action(cli.action(remove)),
    ["kafka-relay acls delete --principal User:alice --resource-type topic --resource-name orders"],
  );
}

/** An option with fixed values, in any letter case. */
function word(flags: string, description: string, known: readonly string[]): Option {
  const choices = known.filter((one) => one !== "UNKNOWN").map((one) => one.toLowerCase());
  return new Option(flags, `${description} (${choices.join(", ")})`).argParser((text: string) => {
    const found = known.find((one) => one === text.toUpperCase().replaceAll("-", "_") && one !== "UNKNOWN");
    if (found !== undefined) return found;
    throw usageError(`It must be one of ${choices.join(", ")}.`);
  });
}

function searched(command: Command): Command {
  return command
    .addOption(word("--resource-type <type>", "type of the resource", aclResourceTypes))
    .option("--resource-name <name>", "name of the resource; * for any; kafka-cluster for the cluster")
    .addOption(word("--pattern-type <type>", "how the name matches", aclPatternTypes))
    .option("--principal <principal>", "principal, such as User:alice")
    .option("--host <host>", "host of the client; * for any")
    .addOption(word("--operation <operation>", "operation", aclOperationNames))
    .addOption(word("--permission <permission>", "permission", aclPermissions));
}

interface AclOptions {
  readonly resourceType?: Acl["resourceType"];
  readonly resourceName?: string;
  readonly patternType?: Acl["patternType"];
  readonly principal?: string;
  readonly host?: string;
  readonly operation?: Acl["operation"];
  readonly permission?: Acl["permission"];
}

const toFilter = (options: AclOptions): AclFilter => ({
  resourceType: options.resourceType ?? "ANY",
  resourceName: options.resourceName,
  patternType: options.patternType ?? "ANY",
  principal: options.principal,
  host: options.host,
  operation: options.operation ?? "ANY",
  permission: options.permission ?? "ANY",
});

function printAcls(context: CliContext, acls: readonly Acl[]): void {
  context.print(acls.map(toAclMembers), [
    { title: "principal", cell: (row) => row.principal },
    { title: "permission", cell: (row) => row.permission.toLowerCase() },
    { title: "operation", cell: (row) => row.operation.toLowerCase() },
    { title: "on", cell: (row) => row.resource_type.toLowerCase() },
    { title: "name", cell: (row) => (row.pattern_type === "PREFIXED" ? `${row.resource_name}...` : row.resource_name) },
    { title: "host", cell: (row) => row.host },
  ]);
}

async function list(context: CliContext, options: AclOptions): Promise<void> {
  printAcls(context, await findAcls(await context.kafka(), toFilter(options), context.deadline()));
}

async function create(context: CliContext, options: AclOptions): Promise<void> {
  const { resourceType, resourceName = resourceType === "CLUSTER" ? "kafka-cluster" : undefined, principal, operation } = options;
  if (resourceType === undefined || resourceName === undefined || principal === undefined || operation === undefined) {
    throw usageError("An ACL needs --resource-type, --resource-name, --principal and --operation.");
  }
  const acl: Acl = {
    resourceType,
    resourceName,
    patternType: options.patternType ?? "LITERAL",
    principal,
    host: options.host ?? "*",
    operation,
    permission: options.permission ?? "ALLOW",
  };
  const [error] = await createAcls(await context.kafka(), [acl], context.deadline());
  if (error !== undefined) throw error;
  printAcls(context, [acl]);
}

async function remove(context: CliContext, options: AclOptions & { readonly all?: boolean }): Promise<void> {
  const { resourceType, resourceName, principal, host, operation, permission, patternType } = options;
  const says = [resourceType, resourceName, principal, host, operation, permission, patternType].some((one) => one !== undefined);
  if (!says && options.all !== true) throw usageError("This would delete every ACL of the cluster. Narrow it down, or use --all.");
  printAcls(context, await deleteAcls(await context.kafka(), toFilter(options), context.deadline()));
}
