// Build the tag: bundle, minify, compress. The result is committed (built/), so that a shop needs no node.
//   node src/etalage/tag/build.mjs [DIRECTORY]     prints the sizes as JSON
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { build, transform } from "esbuild";
import { minify } from "terser";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] || join(here, "built");
mkdirSync(out, { recursive: true });

// Properties whose name ends in _ never leave the page: they get a short name, in all files the same.
const INTERNAL = /[a-z]_$/;
const target = ["chrome93", "firefox92", "safari15.4"];
const sizes = {};
let mangleCache = {};

function written(name, text) {
  const contents = Buffer.from(text);
  writeFileSync(join(out, name), contents);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: contents.length };
  const packed = brotliCompressSync(contents, { params });
  sizes[name.split(".")[0]] = { bytes: contents.length, brotli: packed.length };
  return packed;
}

for (const [name, entry] of [["tag", "main.js"], ["loader", "loader.js"], ["diagnose", "diagnose.js"]]) {
  const made = await build({
    entryPoints: [join(here, entry)],
    bundle: true,
    format: "esm",
    target,
    charset: "utf8",
    legalComments: "none",
    write: false,
    logLevel: "error",
    mangleProps: INTERNAL,
    mangleCache,
  });
  mangleCache = made.mangleCache;
  const smaller = await minify(made.outputFiles[0].text, {
    ecma: 2020,
    module: true,
    toplevel: true,
    compress: { passes: 4, inline: 1, unsafe_arrows: name === "tag", unsafe_methods: true, pure_getters: true },
  });
  // The names of a module are its own; classic scripts share theirs, so that the tag gets a function around it.
  const packed = written(name + ".js", name === "tag" ? `(()=>{${smaller.code}})()` : smaller.code);
  if (name === "tag") writeFileSync(join(out, "tag.js.br"), packed);
}

// How messages look, and in what elements: these go with the public configuration.
const look = await transform(readFileSync(join(here, "look.css"), "utf8"), { loader: "css", minify: true, charset: "utf8", legalComments: "none" });
written("look.css", look.code.trim());
written("forms.json", JSON.stringify(JSON.parse(readFileSync(join(here, "forms.json"), "utf8"))));
console.log(JSON.stringify(sizes));
