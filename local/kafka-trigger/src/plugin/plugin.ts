/** The serverless-offline plugin: Kafka events of the service are polled while it runs. Listed before serverless-offline, it starts and stops with it. */
import { extraMembers } from "../declaration/members.js";
import { missingFor } from "../destinations/destination.js";
import { completeMappings } from "../package/template.js";
import { shell } from "./environment.js";
import { serviceFolderOf } from "./functions.js";
import { type DeclaredMapping, readMappings } from "./mappings.js";
import { type Running, run } from "./running.js";
import type { PluginTools, Serverless } from "./serverless.js";
import { readSettings, settingsSchema, type TriggerSettings } from "./settings.js";
import { createSpeaker } from "./speaker.js";

/** SDK packages that the on-failure destinations need and that are not installed. */
function missingSdks(mappings: readonly DeclaredMapping[], folder: string): readonly string[] {
  return mappings.flatMap(({ functionKey, mapping: { kind, failure } }) => {
    const missing = failure.destination === undefined ? undefined : missingFor(failure.destination, folder);
    return missing === undefined ? [] : [`function ${functionKey}: ${kind}.onFailureDestination: ${missing}`];
  });
}

export class KafkaTriggerPlugin {
  readonly hooks: Readonly<Record<string, () => unknown>>;
  readonly #serverless: Serverless;
  readonly #log: PluginTools["log"];
  #running: Running | undefined;

  constructor(serverless: Serverless, _options: unknown, { log }: PluginTools) {
    this.#serverless = serverless;
    this.#log = log;
    this.#allowOurMembers();
    this.hooks = {
      "offline:start:init": () => this.#start(),
      "offline:start": () => this.#start(),
      "before:offline:start:end": () => this.#stop(),
      "before:package:finalize": () => this.#package(),
      "offline:functionsUpdated:cleanup": () => this.#running?.renew(),
    };
  }

  /** The framework refuses members it does not know. Which of ours it knows differs by version, so each is declared separately. */
  #allowOurMembers(): void {
    const { configSchemaHandler: handler } = this.#serverless;
    for (const event of ["msk", "kafka"]) {
      for (const member of extraMembers) {
        try {
          // Any value: this plugin checks it with messages of its own, whatever configValidationMode says.
          handler.defineFunctionEventProperties("aws", event, { properties: { [member]: {} } });
        } catch {
          // It is known already.
        }
      }
    }
    handler.defineCustomProperties(settingsSchema);
  }

  #package(): void {
    const { faults, warnings } = completeMappings(this.#serverless, Date.now());
    if (faults.length > 0) throw this.#error(faults.join("\n"));
    for (const warning of warnings) this.#log.warning(`kafka-trigger  ${warning}`);
  }

  /** Returns at once: serverless-offline does the waiting. A wrong declaration stops the start. */
  #start(): void {
    if (this.#running !== undefined) return;
    const settings = this.#settings();
    const { mappings, faults, warnings } = readMappings(this.#serverless, settings, Date.now());
    const all = [...faults, ...missingSdks(mappings, serviceFolderOf(this.#serverless))];
    if (all.length > 0) throw this.#error(all.join("\n"));
    if (mappings.length === 0) return;
    const speaker = createSpeaker(this.#log, settings.lines);
    for (const warning of warnings) this.#log.warning(`kafka-trigger  ${warning}`);
    this.#running = run(this.#serverless, mappings, settings, speaker);
    this.#stopWithOffline();
  }

  #settings(): TriggerSettings {
    try {
      return readSettings(this.#serverless.service.custom?.kafkaTrigger, shell);
    } catch (thrown) {
      throw this.#error((thrown as Error).message);
    }
  }

  #error(message: string): Error {
    return new this.#serverless.classes.Error(message);
  }

  /** Plain `serverless offline` ends the process within its own hook, so its `end` is made to wait for this plugin. */
  #stopWithOffline(): void {
    const offline = this.#serverless.pluginManager.plugins.find((plugin) => plugin.constructor.name === "ServerlessOffline") as
      | { end?: (...args: unknown[]) => unknown }
      | undefined;
    const { end } = offline ?? {};
    if (offline === undefined || typeof end !== "function") return;
    offline.end = async (...args) => {
      await this.#stop();
      return end.apply(offline, args);
    };
  }

  async #stop(): Promise<void> {
    await this.#running?.stop();
  }
}
