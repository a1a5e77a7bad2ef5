/** What the package exports: the plugin (its default), and the mapping as a library. */
export { lambdaFunction } from "./lambda-function.js";
export { createKafkaTrigger } from "./library.js";
export { KafkaTriggerPlugin as default } from "./plugin/plugin.js";
