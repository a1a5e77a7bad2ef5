/** Secrets that would stand in the template in plain text: refused, because anyone who reads the stack, or a function's configuration, reads them too. Pure. */
import type { Service } from "./service.js";

/** Variables that hold a secret, by their names. Names of claims and files do not match. */
const secretName = /(SECRET|PASSWORD|PASSPHRASE|TOKEN|PRIVATE_KEY|API_KEY|CREDENTIALS|SSL_KEY|REGISTRY_KEY)$/;
/** `postgres://user:password@host`. */
const loginInUrl = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]*:[^/?#\s]+@/i;
const pem = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

export function plaintextFaults(service: Service): readonly string[] {
  const places = [
    ["every function", service.provider.environment ?? {}] as const,
    ...service.getAllFunctions().map((key) => [`function ${key}`, service.getFunction(key).environment ?? {}] as const),
  ];
  return places.flatMap(([place, environment]) =>
    Object.entries(environment)
      .filter(([name, value]) => typeof value === "string" && isPlainSecret(name, value))
      .map(
        ([name]) =>
          `${place}: its variable ${name} contains a secret in plain text, which anyone who can read the stack could read; put it into Secrets Manager and use the ARN of the secret`,
      ),
  );
}

function isPlainSecret(name: string, value: string): boolean {
  if (value === "" || value.startsWith("arn:")) return false;
  return secretName.test(name) || loginInUrl.test(value) || pem.test(value);
}
