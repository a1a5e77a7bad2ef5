/** What the values of a stage's parameters mean for the functions: their variables, their groups, the cluster of their triggers. Pure. */
import type { ParameterValues } from "../build/deployment/parameter-defaults.js";
import { noCluster, parameters } from "../build/deployment/parameters.js";
import type { ServiceFacts } from "./functions.js";

export const laptopStage = "local";
/** serverless-offline needs none; the framework's events do. */
const laptopCluster = "arn:aws:kafka:local:000000000000:cluster/local/00000000-0000-0000-0000-000000000000-1";
const laptopBrokers = "127.0.0.1:9092";

/** @param apiFolder from the service's folder. @param isOffline whether serverless-offline runs the service. */
export function toServiceFacts(
  service: string,
  stage: string,
  { clusterArn, groupPrefix, jwtIssuer }: Pick<ParameterValues, "clusterArn" | "groupPrefix" | "jwtIssuer">,
  apiFolder: string,
  isOffline: boolean,
): ServiceFacts {
  const placeholder = isOffline || stage === laptopStage ? laptopCluster : noCluster;
  return {
    service,
    stage,
    clusterArn: clusterArn === "" ? placeholder : clusterArn,
    groupPrefix: groupPrefix === "" ? `${service}-${stage}-` : groupPrefix,
    jwtIssuer,
    apiFolder,
  };
}

/** What `prepareDeployment` checks: the parameters, and every other name in the section, which it refuses. */
export function settingsOfDeployment(values: ParameterValues, section: true | Readonly<Record<string, unknown>> | undefined): object {
  const known = Object.keys(parameters.entries) as readonly (keyof typeof parameters.entries)[];
  const unknown = Object.entries(section === true ? {} : (section ?? {})).filter(
    ([name]) => values[name as keyof ParameterValues] === undefined,
  );
  return { ...Object.fromEntries(known.map((name) => [name, values[name]])), ...Object.fromEntries(unknown) };
}

/**
 * For every function. @param isDeployed whether the service has parameters of a deployment; otherwise, variables are the project's own.
 * @param laptop the shell's variables, where serverless-offline runs the service: a local broker is expected and every call is allowed, unless the shell says otherwise.
 */
export function functionVariables(
  values: ParameterValues,
  stage: string,
  isDeployed: boolean,
  laptop: Readonly<Record<string, string | undefined>> | undefined,
): Record<string, string> {
  return {
    // The first dimension of every metric.
    RELAY_STAGE: stage,
    ...(isDeployed
      ? {
          RELAY_ACCESS: values.access,
          RELAY_LOG_LEVEL: values.logLevel,
          RELAY_ACCESS_GRANTS: values.grants,
          RELAY_JWT_SCOPE_CLAIMS: values.jwtScopeClaims,
          RELAY_JWT_GROUPS_CLAIM: values.jwtGroupsClaim,
          // Explicit brokers. A deployment also sets MSK_CLUSTER_ARN, which is used to look them up if this is empty.
          KAFKA_BROKERS: values.brokers,
        }
      : {}),
    ...(laptop === undefined
      ? {}
      : {
          KAFKA_BROKERS: laptop.KAFKA_BROKERS ?? laptopBrokers,
          RELAY_ACCESS: laptop.RELAY_ACCESS ?? "everything",
          ...(laptop.RELAY_LOG_LEVEL === undefined ? {} : { RELAY_LOG_LEVEL: laptop.RELAY_LOG_LEVEL }),
        }),
  };
}
