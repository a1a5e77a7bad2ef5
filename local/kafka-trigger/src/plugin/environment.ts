/** The one place that reads the environment of the process. */

export const shell: NodeJS.ProcessEnv = process.env;
