/** A Function URL for each function of the API, each with its own role behind it; only signed calls get in (https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html). Pure. */
import { corsPolicy } from "../../../gateway/cors.mjs";
import { aliasIdOf, aliasName, hasAliases } from "../invoked.js";
import type { DeploymentSettings } from "../parameters.js";
import type { Resource } from "../roles.js";
import { functionIdOf } from "../service.js";
import type { DoorCall } from "./calls.js";

export const urlIdOf = (key: string): string => `${key.charAt(0).toUpperCase()}${key.slice(1)}Url`;

export function functionUrls(calls: readonly DoorCall[], settings: DeploymentSettings): Readonly<Record<string, Resource>> {
  const keys = [...new Set(calls.map(({ functionKey }) => functionKey))];
  return Object.fromEntries(
    keys.map((key): readonly [string, Resource] => [
      urlIdOf(key),
      {
        Type: "AWS::Lambda::Url",
        ...(hasAliases(settings) ? { DependsOn: [aliasIdOf(key)] } : {}),
        Properties: {
          TargetFunctionArn: { "Fn::GetAtt": [functionIdOf(key), "Arn"] },
          ...(hasAliases(settings) ? { Qualifier: aliasName } : {}),
          AuthType: "AWS_IAM",
          InvokeMode: "BUFFERED",
          ...(settings.corsOrigins.length === 0 ? {} : { Cors: corsOf(settings) }),
        },
      },
    ]),
  );
}

function corsOf({ corsOrigins }: DeploymentSettings): unknown {
  const { allowedHeaders, allowedMethods, exposedResponseHeaders, maxAge } = corsPolicy;
  return {
    AllowOrigins: corsOrigins,
    AllowHeaders: allowedHeaders,
    AllowMethods: allowedMethods,
    ExposeHeaders: exposedResponseHeaders,
    MaxAge: maxAge,
  };
}
