/** Grants in a store: the variables that name it, and the permission to read exactly that document. Pure. */
import { type GrantsLocation, toGrantsLocation } from "../../../lib/grants/location.js";
import type { FunctionNeeds } from "./needs.js";
import type { DeploymentSettings } from "./parameters.js";
import type { Statement } from "./permissions.js";

type StoreSettings = Pick<DeploymentSettings, "grantsFrom" | "grantsReloadSeconds" | "grantsKey">;

export function grantsVariables({ grantsFrom, grantsReloadSeconds }: StoreSettings): Readonly<Record<string, string>> {
  return {
    ...(grantsFrom === "" ? {} : { RELAY_ACCESS_GRANTS_FROM: grantsFrom }),
    ...(grantsReloadSeconds === "" ? {} : { RELAY_ACCESS_GRANTS_RELOAD_SECONDS: grantsReloadSeconds }),
  };
}

/** The service that the store belongs to, by the name of its endpoint. */
export function grantsServiceOf({ grantsFrom }: Pick<StoreSettings, "grantsFrom">): string | undefined {
  const location = toGrantsLocation(grantsFrom);
  return location?.kind === "appconfig" ? "appconfigdata" : location?.kind;
}

/** For the functions of the API, which decide by the grants. */
export function grantsStatements({ may }: Pick<FunctionNeeds, "may">, { grantsFrom, grantsKey }: StoreSettings): readonly Statement[] {
  const location = toGrantsLocation(grantsFrom);
  if (location === undefined || may.length === 0) return [];
  return [readStatement(location), ...(grantsKey === "" ? [] : [keyStatement(location, grantsKey)])];
}

const sub = (text: string) => ({ "Fn::Sub": text });

function readStatement(location: GrantsLocation): Statement {
  const read = { Sid: "Grants", Effect: "Allow" as const };
  switch (location.kind) {
    case "s3":
      return { ...read, Action: ["s3:GetObject"], Resource: sub(`arn:\${AWS::Partition}:s3:::${location.bucket}/${location.key}`) };
    case "dynamodb":
      return {
        ...read,
        Action: ["dynamodb:GetItem"],
        Resource: sub(`arn:\${AWS::Partition}:dynamodb:\${AWS::Region}:\${AWS::AccountId}:table/${location.table}`),
        Condition: { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": [location.id] }, Null: { "dynamodb:LeadingKeys": "false" } },
      };
    case "appconfig":
      return {
        ...read,
        Action: ["appconfig:GetLatestConfiguration", "appconfig:StartConfigurationSession"],
        Resource: sub(
          `arn:\${AWS::Partition}:appconfig:\${AWS::Region}:\${AWS::AccountId}:application/${location.application}/environment/${location.environment}/configuration/${location.profile}`,
        ),
      };
  }
}

/** AppConfig decrypts what it hosts as the caller; S3 and DynamoDB through their own service. */
function keyStatement({ kind }: GrantsLocation, grantsKey: string): Statement {
  const service = kind === "appconfig" ? "appconfig" : kind;
  return {
    Sid: "GrantsKey",
    Effect: "Allow",
    Action: ["kms:Decrypt"],
    Resource: grantsKey,
    Condition: { StringEquals: { "kms:ViaService": sub(`${service}.\${AWS::Region}.amazonaws.com`) } },
  };
}
