// The framework's way to the plugin in this repository, whose code is TypeScript. In a project with the package, `kafka-relay/serverless` is the same plugin.
const { require: requireTypeScript } = require("tsx/cjs/api");

module.exports = requireTypeScript("./clone-home.ts", __filename).PluginInClone;
