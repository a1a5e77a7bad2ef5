/** The routes, as they are and as they fare, and what one would make of a record. May invoke the functions of routes, and nothing else. */
import { httpApi } from "../lib/http/hosts/http-api.js";
import { routeOperations } from "../lib/http/operations/route-operations.js";
import { functionRoutes } from "../lib/relay/status/function-routes.js";

export const operations = routeOperations(functionRoutes);

export const handler = httpApi(operations);
