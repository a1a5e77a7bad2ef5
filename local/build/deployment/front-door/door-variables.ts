/** What functions have to know about the door in front of them. Pure. */
import type { DeploymentSettings } from "../parameters.js";

/** Behind doors without an authorizer for tokens, functions check them themselves; behind doors without an access log, they write one. */
export function doorVariables(settings: DeploymentSettings): Readonly<Record<string, string>> {
  const { frontDoor, jwtIssuer, jwtAudience, jwtKeys, basePath } = settings;
  return {
    ...(checksTokens(settings)
      ? { RELAY_JWT_JWKS_URL: jwtKeys, RELAY_JWT_ISSUER: jwtIssuer, RELAY_JWT_AUDIENCE: jwtAudience.join(",") }
      : {}),
    ...(frontDoor === "alb" || frontDoor === "url" ? { RELAY_REQUEST_LOG: "on" } : {}),
    ...(basePath === "" ? {} : { RELAY_BASE_PATH: `/${basePath}` }),
  };
}

/** Whether the functions check tokens, because the door does not. */
export const checksTokens = ({ authorizer, frontDoor }: Pick<DeploymentSettings, "authorizer" | "frontDoor">): boolean =>
  authorizer === "jwt" && (frontDoor === "alb" || frontDoor === "rest-private");
