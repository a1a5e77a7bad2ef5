/** What the package exports: the plugin (its default), and the mapping as a library. */
export { createKafkaTrigger } from "./library.js";
export { KafkaTriggerPlugin as default } from "./plugin/plugin.js";
