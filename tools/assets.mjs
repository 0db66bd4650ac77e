// Copies what the pages use from node_modules to src/crossdock/ui/static/vendor/ and lists each file with its SHA-256.
// Run after `npm ci`. Nothing is bundled or minified here; the folder is made anew, so what is not listed is not there.

import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const modules = join(root, "node_modules");
const ui = join(root, "src", "crossdock", "ui");
const target = join(ui, "static", "vendor");
const fresh = join(modules, `.crossdock-assets-${process.pid}`); // ignored by git, and on the same disk as the target

const files = {
  "tabler/tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
  "htmx/htmx.min.js": "htmx.org/dist/htmx.min.js",
  "uplot/uPlot.esm.js": "uplot/dist/uPlot.esm.js",
  "uplot/uPlot.min.css": "uplot/dist/uPlot.min.css",
};

// Letters of these scripts; the browser fetches a file only when the page shows one of its letters.
const fonts = {
  inter: ["@fontsource-variable/inter/files/inter", ["latin", "latin-ext", "cyrillic", "greek", "vietnamese"]],
  "jetbrains-mono": ["@fontsource-variable/jetbrains-mono/files/jetbrains-mono", ["latin", "latin-ext", "cyrillic", "greek"]],
};
for (const [name, [source, scripts]] of Object.entries(fonts)) {
  for (const script of scripts) {
    files[`fonts/${name}-${script}.woff2`] = `${source}-${script}-wght-normal.woff2`;
  }
}

/** One `<symbol>` for each name in icons.txt, drawn with strokes in the color of the text around it. */
async function sprite() {
  const lines = (await readFile(join(ui, "icons.txt"), "utf8")).split("\n");
  const names = lines.map((line) => line.trim()).filter((line) => line && !line.startsWith("#"));
  const symbols = [];
  const unknown = [];
  for (const name of names) {
    let svg;
    try {
      svg = await readFile(join(modules, "@tabler", "icons", "icons", "outline", `${name}.svg`), "utf8");
    } catch {
      unknown.push(name);
      continue;
    }
    const inner = svg
      .replace(/^[\s\S]*?<svg[^>]*>/, "")
      .replace(/<\/svg>\s*$/, "")
      .replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none" \/>/, "")
      .replace(/\s*\n\s*/g, "");
    symbols.push(`<symbol id="${name}" viewBox="0 0 24 24">${inner}</symbol>`);
  }
  if (unknown.length) {
    throw new Error(`icons.txt names icons that Tabler does not have: ${unknown.join(", ")}`);
  }
  return `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`;
}

/** Every file below `folder`, as paths relative to it, sorted. */
async function below(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

async function main() {
  try {
    await stat(modules);
  } catch {
    throw new Error("node_modules is missing: run `npm ci` first");
  }
  await rm(fresh, { recursive: true, force: true });
  for (const [to, from] of Object.entries(files)) {
    await mkdir(dirname(join(fresh, to)), { recursive: true });
    await copyFile(join(modules, from), join(fresh, to));
  }
  // Source maps are not shipped, and a map that is asked for and missing is noise in the log.
  for (const name of ["tabler/tabler.min.css"]) {
    const text = await readFile(join(fresh, name), "utf8");
    await writeFile(join(fresh, name), text.replace(/\/\*# sourceMappingURL=.*?\*\//g, ""));
  }
  await writeFile(join(fresh, "icons.svg"), await sprite());
  const list = [];
  for (const name of await below(fresh)) {
    list.push(`${createHash("sha256").update(await readFile(join(fresh, name))).digest("hex")}  ${name}`);
  }
  await writeFile(join(fresh, "SHA256SUMS"), `${list.join("\n")}\n`);
  await rm(target, { recursive: true, force: true });
  await rename(fresh, target);
  console.log(`${list.length} files in ${relative(root, target)}`);
}

main().catch(async (error) => {
  await rm(fresh, { recursive: true, force: true });
  console.error(error.message);
  process.exitCode = 1;
});
