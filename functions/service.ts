/** Health, the OpenAPI description, and the answer to every path or method that does not exist. */
import { httpApi } from "../lib/http/hosts/http-api.js";
import { serviceOperations } from "../lib/http/operations/service-operations.js";

export const operations = serviceOperations;

export const handler = httpApi(operations);
