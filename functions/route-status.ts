/** The routes and sources, as they are and as routes fare, and what one would make of a record. May invoke the functions of routes and sources, and nothing else. */
import { httpApi } from "../lib/http/hosts/http-api.js";
import { routeOperations } from "../lib/http/operations/route-operations.js";
import { functionRoutes } from "../lib/relay/status/function-routes.js";
import { functionSources } from "../lib/sources/status/function-sources.js";

export const operations = routeOperations(functionRoutes, functionSources);

export const handler = httpApi(operations);
