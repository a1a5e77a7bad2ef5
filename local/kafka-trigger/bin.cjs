#!/usr/bin/env node
/** The command, which is built. */
require("./dist/run.cjs");
