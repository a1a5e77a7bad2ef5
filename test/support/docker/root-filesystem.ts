/** A root file system for a container, made of this machine's own programs and the libraries they need, where no image can be pulled. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, realpathSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** What the scripts of an image call. */
const programs = [
  "bash",
  "cat",
  "cut",
  "date",
  "dirname",
  "basename",
  "env",
  "grep",
  "head",
  "id",
  "ls",
  "mkdir",
  "rm",
  "sed",
  "sleep",
  "sort",
  "tail",
  "tr",
  "wc",
];

export interface RootFilesystem {
  readonly folder: string;
  /** Programs or folders of this machine, at the same place inside. */
  readonly add: (...paths: readonly string[]) => void;
  readonly write: (path: string, text: string, mode?: number) => void;
}

/** A folder with a shell, its libraries, a user `app` with the id 1000, and name resolution. */
export function createRootFilesystem(folder: string): RootFilesystem {
  const within = (path: string): string => join(folder, path);
  for (const name of ["bin", "etc", "tmp", "usr/bin", "usr/lib", "usr/lib64", "var/lib", "home/app", "proc", "dev", "sys"])
    mkdirSync(within(name), { recursive: true });
  for (const name of ["lib", "lib64"]) symlinkSync(`usr/${name}`, within(name));
  execFileSync("chmod", ["1777", within("tmp")]);
  const added = new Set<string>();
  const addFile = (path: string): void => {
    // Whether a path leads through /lib or /usr/lib, it is one file.
    const place = path.replace(/^\/(lib|lib64)\//, "/usr/$1/");
    if (added.has(place)) return;
    added.add(place);
    mkdirSync(dirname(within(place)), { recursive: true });
    cpSync(realpathSync(path), within(place));
    for (const library of librariesOf(path)) addFile(library);
  };
  const addFolder = (path: string): void => {
    mkdirSync(dirname(within(path)), { recursive: true });
    cpSync(path, within(path), { recursive: true, dereference: true });
    for (const name of readdirSync(path, { recursive: true, encoding: "utf8" })) {
      const file = join(path, name);
      if (/\.so(\.|$)|\/bin\//.test(file) && statSync(file).isFile()) for (const library of librariesOf(file)) addFile(library);
    }
  };
  const write = (path: string, text: string, mode = 0o644): void => {
    mkdirSync(dirname(within(path)), { recursive: true });
    writeFileSync(within(path), text, { mode });
  };
  const add = (...paths: readonly string[]): void => {
    for (const path of paths) (statSync(path).isDirectory() ? addFolder : addFile)(path);
  };
  for (const name of programs) {
    const path = execFileSync("bash", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
    const real = realpathSync(path);
    addFile(real);
    cpSync(real, within(join("bin", basename(path))));
    cpSync(real, within(join("usr/bin", basename(path))));
  }
  symlinkSync("bash", within("bin/sh"));
  write("etc/passwd", "root:x:0:0:root:/root:/bin/bash\napp:x:1000:1000:app:/home/app:/bin/bash\n");
  write("etc/group", "root:x:0:\napp:x:1000:\n");
  write("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n");
  return { folder, add, write };
}

/** Absolute paths of the shared libraries that the dynamic linker would load for a program or library. */
function librariesOf(path: string): readonly string[] {
  try {
    const text = execFileSync("ldd", [path], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return [...text.matchAll(/(?:=> )?(\/[^\s(]+) \(0x/g)].map(([, library]) => library ?? "").filter((library) => existsSync(library));
  } catch {
    return []; // a script, or a static program
  }
}
