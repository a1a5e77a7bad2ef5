// A plugin of the framework: a saved edit of a function, or of what it leans on, is live at the next HTTP call. The Kafka triggers watch for themselves.
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
      // Without it an edit needs a restart; nothing else does.
      watcher.on("error", () => watcher.close());
      this.watchers.push(watcher);
    }
  }

  /** serverless-offline ends its workers then, and makes new ones when they are called. */
  async renew() {
    await this.serverless.pluginManager.spawn("offline:functionsUpdated");
  }

  end() {
    for (const watcher of this.watchers) watcher.close();
  }
}
