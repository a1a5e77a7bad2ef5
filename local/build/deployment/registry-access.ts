/** The schema registry of a deployment: the variables of the functions that handle the content of records, and what their roles may do for it. Pure. */
import type { FunctionNeeds } from "./needs.js";
import type { DeploymentSettings } from "./parameters.js";
import type { Statement } from "./permissions.js";

type RegistrySettings = Pick<DeploymentSettings, "schemaRegistryUrl" | "schemaRegistrySecret" | "glueRegistry">;

/** Functions that produce, read or relay; the others never see a record's content. */
export function usesSchemas({ may, route }: Pick<FunctionNeeds, "may" | "route">): boolean {
  return route !== undefined || may.includes("record:write") || may.includes("record:read");
}

export function registryVariables({
  schemaRegistryUrl,
  schemaRegistrySecret,
  glueRegistry,
}: RegistrySettings): Readonly<Record<string, string>> {
  return {
    ...(schemaRegistryUrl === "" ? {} : { SCHEMA_REGISTRY_URL: schemaRegistryUrl }),
    ...(schemaRegistrySecret === ""
      ? {}
      : { SCHEMA_REGISTRY_USERNAME: `${schemaRegistrySecret}#username`, SCHEMA_REGISTRY_PASSWORD: `${schemaRegistrySecret}#password` }),
    ...(glueRegistry === "" ? {} : { GLUE_REGISTRY: glueRegistry }),
  };
}

/** The secret that a function reads to sign in at the registry. */
export function registrySecrets(needs: FunctionNeeds, { schemaRegistrySecret }: RegistrySettings): readonly string[] {
  return schemaRegistrySecret !== "" && usesSchemas(needs) ? [schemaRegistrySecret] : [];
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsglue.html: a version id does not say in which registry its schema is. */
export function glueStatements(needs: FunctionNeeds, { glueRegistry }: RegistrySettings): readonly Statement[] {
  if (glueRegistry === "" || !usesSchemas(needs)) return [];
  const arn = (name: string) => ({ "Fn::Sub": `arn:\${AWS::Partition}:glue:\${AWS::Region}:\${AWS::AccountId}:${name}` });
  const readSchemas: Statement = { Sid: "Schemas", Effect: "Allow", Action: ["glue:GetSchemaVersion"], Resource: "*" };
  if (needs.route?.targetOptions.encode === undefined) return [readSchemas];
  const registers: Statement = {
    Sid: "RegisterSchemas",
    Effect: "Allow",
    Action: ["glue:CreateSchema", "glue:GetSchemaByDefinition", "glue:RegisterSchemaVersion"],
    Resource: [arn(`registry/${glueRegistry}`), arn(`schema/${glueRegistry}/*`)],
  };
  return [readSchemas, registers];
}

/** What cannot work, one sentence each. */
export function registryFaults({ schemaRegistryUrl, schemaRegistrySecret }: RegistrySettings): readonly string[] {
  return schemaRegistrySecret !== "" && schemaRegistryUrl === ""
    ? ["schemaRegistrySecret: requires schemaRegistryUrl; AWS Glue is asked with the functions' roles"]
    : [];
}
