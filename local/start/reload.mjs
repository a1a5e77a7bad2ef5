// A framework plugin that reloads a function, and everything it imports, at the next HTTP call after an edit. The Kafka triggers watch files themselves.
import { watch } from "node:fs";
import { join } from "node:path";

const debounceMs = 100;

export default class ReloadPlugin {
  constructor(serverless) {
    this.serverless = serverless;
    this.watchers = [];
    this.hooks = {
      "after:offline:start:init": () => this.begin(),
      "before:offline:start:end": () => this.end(),
    };
  }

  begin() {
    let timer;
    const edited = (_event, file) => {
      if (!/\.(ts|js|json)$/.test(file ?? "")) return;
      clearTimeout(timer);
      timer = setTimeout(() => this.renew(), debounceMs);
    };
    for (const folder of ["functions", "lib"]) {
      const watcher = watch(join(this.serverless.serviceDir, folder), { recursive: true, persistent: false }, edited);
      // Without the watcher, edits need a restart. Everything else works.
      watcher.on("error", () => watcher.close());
      this.watchers.push(watcher);
    }
  }

  /** serverless-offline then ends its workers and creates new ones on the next call. */
  async renew() {
    await this.serverless.pluginManager.spawn("offline:functionsUpdated");
  }

  end() {
    for (const watcher of this.watchers) watcher.close();
  }
}
