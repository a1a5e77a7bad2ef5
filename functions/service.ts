/** Health, the OpenAPI description, what the caller may do, and the answer to every path or method that does not exist. */
import { httpApi } from "../lib/http/hosts/http-api.js";
import { permissionOperations } from "../lib/http/operations/permission-operations.js";
import { serviceOperations } from "../lib/http/operations/service-operations.js";

export const operations = { ...serviceOperations, ...permissionOperations };

export const handler = httpApi(operations);
