// Build the tag: bundle, minify, compress. The result is committed (built/), so that a shop needs no node.
//   node src/etalage/tag/build.mjs [DIRECTORY]     prints the sizes as JSON
import { writeFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] || join(here, "built");
mkdirSync(out, { recursive: true });

const squeezed = (css) => css.replace(/\s*\n\s*/g, "").replace(/\s*([{};,>])\s*/g, "$1");
const plainCss = {
  name: "css",
  setup(work) {
    work.onLoad({ filter: /look\.js$/ }, async ({ path }) => {
      const { readFile } = await import("node:fs/promises");
      const source = await readFile(path, "utf8");
      return { contents: source.replace(/(LOOK = `)([^]*)(`;)/, (_, open, css, close) => open + squeezed(css.replace(/: /g, ":")) + close) };
    });
  },
};

const sizes = {};
for (const [name, entry] of [["tag", "main.js"], ["loader", "loader.js"], ["diagnose", "diagnose.js"]]) {
  const made = await build({
    entryPoints: [join(here, entry)],
    bundle: true,
    minify: true,
    format: name === "diagnose" ? "esm" : "iife",
    target: ["chrome93", "firefox92", "safari15.4"],
    charset: "utf8",
    legalComments: "none",
    write: false,
    logLevel: "error",
    plugins: [plainCss],
  });
  const smaller = await minify(made.outputFiles[0].text, {
    ecma: 2020,
    module: name === "diagnose",
    toplevel: true,
    compress: { passes: 4, unsafe_arrows: name === "tag", unsafe_methods: true, pure_getters: true },
  });
  const contents = Buffer.from(smaller.code);
  writeFileSync(join(out, name + ".js"), contents);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22, [constants.BROTLI_PARAM_SIZE_HINT]: contents.length };
  const packed = brotliCompressSync(contents, { params });
  if (name === "tag") writeFileSync(join(out, name + ".js.br"), packed);
  sizes[name] = { bytes: contents.length, brotli: packed.length };
}
console.log(JSON.stringify(sizes));
