// Write JSON without JSON.stringify: old libraries give arrays and strings a toJSON of their own, or replace it.
import { isList, plainly } from "./live.js";

const escaped = (character) => "\\u" + (65_536 + character.charCodeAt()).toString(16).slice(1);

export function text(value, depth = 9) {
  const inner = (one) => text(one, depth - 1);
  if (typeof value === "string") return '"' + value.replace(/[^ !#-[\]-\ud7ff]/g, escaped) + '"';
  if (value === !!value || Number.isFinite(value)) return "" + value;
  if (!plainly(value) || !depth) return "null";
  if (isList(value)) return "[" + value.map(inner) + "]";
  const said = Object.keys(value).filter((name) => !/^[uf]/.test(typeof value[name])); // undefined and functions
  return "{" + said.map((name) => text(name) + ":" + inner(value[name])) + "}";
}
