/** How each function signs in to the brokers, as variables of its environment. Pure. */
import type { DeploymentSettings } from "./parameters.js";

type AccessSettings = Pick<DeploymentSettings, "kafkaAuthentication" | "kafkaSecret" | "kafkaSecrets">;

/** The secret that a function signs in with: its own, or the one that all others share. */
export function secretOf(
  { kafkaSecret, kafkaSecrets }: Omit<AccessSettings, "kafkaAuthentication">,
  functionKey: string,
): string | undefined {
  return kafkaSecrets.get(functionKey) ?? (kafkaSecret === "" ? undefined : kafkaSecret);
}

/** For every function alike. */
export function sharedVariables({ kafkaAuthentication, kafkaSecret }: AccessSettings): Readonly<Record<string, string>> {
  switch (kafkaAuthentication) {
    case "iam":
      return { KAFKA_SSL: "true", KAFKA_SASL_MECHANISM: "aws-iam" };
    case "scram":
      return { KAFKA_SSL: "true", KAFKA_SASL_MECHANISM: "scram-sha-512", KAFKA_SASL_SECRET_ARN: kafkaSecret };
    case "tls":
      return { KAFKA_SSL: "true" };
    case "none":
      return {};
  }
}

/** What a function has instead. */
export function ownVariables({ kafkaSecrets }: AccessSettings, functionKey: string): Readonly<Record<string, string>> {
  const secret = kafkaSecrets.get(functionKey);
  return secret === undefined ? {} : { KAFKA_SASL_SECRET_ARN: secret };
}

/** What cannot work, one sentence each. */
export function secretFaults(settings: AccessSettings, functionKeys: readonly string[]): readonly string[] {
  const { kafkaAuthentication, kafkaSecrets } = settings;
  const unknown = [...kafkaSecrets.keys()].filter((key) => !functionKeys.includes(key));
  const without = functionKeys.filter((key) => kafkaAuthentication === "scram" && secretOf(settings, key) === undefined);
  return [
    ...unknown.map(
      (key) => `kafkaSecrets: there is a secret for ${key}, but no such function; the functions are ${functionKeys.join(", ")}`,
    ),
    ...(without.length > 0
      ? [`kafkaSecrets: ${without.join(", ")} have no secret; add them, or set kafkaSecret for all functions without one`]
      : []),
  ];
}
