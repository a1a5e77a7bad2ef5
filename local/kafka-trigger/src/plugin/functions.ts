/** What a worker needs to know of a function, read from the framework's service as serverless-offline reads it. */
import { join } from "node:path";
import type { FunctionDefinition } from "../handlers/handler-worker.js";
import type { Serverless, ServerlessFunction } from "./serverless.js";

const timeoutDefaultSeconds = 6;
const memoryDefaultMb = 1024;
export const regionDefault = "us-east-1";
/** An invented account id, which nobody has. */
const localAccountId = "000000000000";

export function serviceFolderOf({ serviceDir, config }: Serverless): string {
  return serviceDir ?? config.servicePath;
}

export function toFunctionDefinition(serverless: Serverless, key: string, shell: NodeJS.ProcessEnv): FunctionDefinition {
  const { service } = serverless;
  const { provider } = service;
  const definition = service.getFunction(key);
  const functionName = definition.name ?? `${service.service}-${provider.stage ?? "dev"}-${key}`;
  const region = provider.region ?? regionDefault;
  const serviceFolder = serviceFolderOf(serverless);
  const memoryMb = definition.memorySize ?? provider.memorySize ?? memoryDefaultMb;
  return {
    serviceFolder,
    handler: definition.handler ?? "",
    tsxFrom: [join(serviceFolder, "package.json"), join(serviceFolder, "node_modules/serverless-offline/package.json")],
    functionName,
    functionArn: `arn:aws:lambda:${region}:${localAccountId}:function:${functionName}`,
    timeoutMs: (definition.timeout ?? provider.timeout ?? timeoutDefaultSeconds) * 1000,
    memoryMb,
    environment: environmentOf(serverless, definition, { functionName, memoryMb, region }, shell),
  };
}

/** The shell's AWS variables, Lambda's own, and those that the service configures. No other variable of the shell is passed on, as on Lambda. */
function environmentOf(
  { service }: Serverless,
  definition: ServerlessFunction,
  { functionName, memoryMb, region }: { readonly functionName: string; readonly memoryMb: number; readonly region: string },
  shell: NodeJS.ProcessEnv,
): Readonly<Record<string, string>> {
  const isWhole = service.custom?.["serverless-offline"]?.localEnvironment === true;
  const own = Object.entries(shell).filter(([name]) => isWhole || name.startsWith("AWS_"));
  const configured = { ...service.provider.environment, ...definition.environment };
  const values: Record<string, unknown> = {
    ...Object.fromEntries(own),
    PATH: shell.PATH,
    TZ: ":UTC",
    _HANDLER: definition.handler,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_LAMBDA_FUNCTION_NAME: functionName,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memoryMb,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${functionName}`,
    ...configured,
    IS_OFFLINE: "true",
  };
  // What only CloudFormation knows (a Ref, say) has no value here.
  const known = Object.entries(values).filter(([, value]) => ["string", "number", "boolean"].includes(typeof value));
  return Object.fromEntries(known.map(([name, value]) => [name, String(value)]));
}
