/** What gateways, mappings and other functions invoke: a function, or the alias that a deployment moves from one version to the next. Pure. */
import type { DeploymentSettings } from "./parameters.js";
import { functionIdOf } from "./service.js";

/** The name of the alias of every function. */
export const aliasName = "live";
export const aliasIdOf = (key: string): string => `${key.charAt(0).toUpperCase()}${key.slice(1)}LiveAlias`;

export const hasAliases = ({ deployment }: Pick<DeploymentSettings, "deployment">): boolean => deployment !== "direct";

/** An ARN, also for properties that are called FunctionName. */
export const invokedArn = (settings: Pick<DeploymentSettings, "deployment">, key: string): unknown =>
  hasAliases(settings) ? { Ref: aliasIdOf(key) } : { "Fn::GetAtt": [functionIdOf(key), "Arn"] };
