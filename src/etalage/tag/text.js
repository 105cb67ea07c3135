// Write JSON without JSON.stringify: old libraries give arrays and strings a toJSON of their own.
import { isList, plainly } from "./live.js";

const escaped = (character) => "\\u" + ("000" + character.charCodeAt(0).toString(16)).slice(-4);

export function text(value, depth = 0) {
  const inner = (one) => text(one, depth + 1);
  if (typeof value === "string") return '"' + value.replace(/["\\\u0000-\u001f\u2028\u2029\ud800-\udfff]/g, escaped) + '"';
  if (value === true || value === false || Number.isFinite(value)) return "" + value;
  if (!plainly(value) || depth > 8) return "null";
  if (isList(value)) return "[" + value.map(inner).join() + "]";
  const said = Object.keys(value).filter((name) => value[name] !== undefined && typeof value[name] !== "function");
  return "{" + said.map((name) => text(name) + ":" + inner(value[name])).join() + "}";
}
