// Ask the server: plain text, so that no browser asks for leave first; nothing while the circuit is open.
import { failed, resting, worked } from "./guard.js";
import { live } from "./live.js";
import { text } from "./text.js";

const PATIENCE = 3_000;

export async function call(path, body) {
  if (resting()) throw 0;
  try {
    const answer = await fetch(live.base_ + path, {
      method: body ? "POST" : "GET",
      body: body && text(body),
      keepalive: !!body?.batch,
      credentials: "omit",
      cache: "no-cache",
      signal: AbortSignal.timeout?.(PATIENCE), // a browser of before 2022 waits as long as it likes
    });
    if (!answer.ok) throw answer.status;
    const said = await answer.json();
    worked();
    return said;
  } catch (error) {
    if (!/^40[13]$/.test(error)) failed(error);
    throw error;
  }
}

// What every call carries.
export const signed = (body) => ({
  writeKey: live.key_,
  visitorToken: live.token_,
  staff: live.staff_,
  demo: live.demo_,
  ...body,
});
