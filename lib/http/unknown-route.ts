/** Why a call has no operation: 404 for its path, or 405 with the methods that its path has. Pure. */
import { RelayError } from "../errors.js";
import type { Router } from "./router.js";

export function unknownRoute(router: Pick<Router, "methodsAt">, method: string, rawPath: string): RelayError {
  const methods = router.methodsAt(rawPath);
  const path = JSON.stringify(rawPath.slice(0, 300));
  if (methods === undefined)
    return new RelayError("not-found", `The path ${path} does not exist. GET /openapi.json lists the paths that do.`);
  // Where HEAD is served as GET, no HEAD request of such a path comes here.
  const allow = methods.filter((one) => one !== method).join(", ");
  return new RelayError("method-not-allowed", `${method.slice(0, 20)} is not allowed for ${path}. Allowed: ${allow}.`, { allow });
}
