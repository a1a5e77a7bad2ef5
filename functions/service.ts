/** Health, the API's description, and every path or method that nobody else answers. */
import { http } from "../lib/http/handler.js";
import { serviceOperations } from "../lib/http/operations/service-operations.js";

export const operations = serviceOperations;

export const handler = http(operations);
