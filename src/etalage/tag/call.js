// Ask the server: plain text, so that no browser asks for leave first; nothing while the circuit is open.
import { failed, resting, worked } from "./guard.js";
import { live } from "./live.js";
import { text } from "./text.js";

const PATIENCE = 3_000;

export async function call(path, body) {
  if (resting()) throw 0;
  try {
    const answer = await fetch(live.base + path, {
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
    if (error !== 401 && error !== 403) failed(error);
    throw error;
  }
}

// What every call carries.
export const signed = (body) => ({
  writeKey: live.key,
  visitorToken: live.token,
  staff: live.staff,
  demo: live.demo,
  ...body,
});
