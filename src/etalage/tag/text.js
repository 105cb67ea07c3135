// Write JSON without JSON.stringify: old libraries give arrays and strings a toJSON of their own.
import { isList, plainly } from "./live.js";

const escaped = (character) => "\\u" + ("000" + character.charCodeAt(0).toString(16)).slice(-4);

export function text(value, depth = 0) {
  if (typeof value === "string")
    return '"' + value.replace(/["\\\u0000-\u001f\u2028\u2029\ud800-\udfff]/g, escaped) + '"';
  if (typeof value === "boolean" || (typeof value === "number" && isFinite(value))) return "" + value;
  if (!plainly(value) || depth > 8) return "null";
  if (isList(value)) return "[" + value.map((one) => text(one, depth + 1)).join() + "]";
  return (
    "{" +
    Object.keys(value)
      .filter((name) => value[name] !== undefined && typeof value[name] !== "function")
      .map((name) => text(name) + ":" + text(value[name], depth + 1))
      .join() +
    "}"
  );
}
