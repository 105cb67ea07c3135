// Ask the server: plain text, so that no browser asks for leave first; nothing while the circuit is open.
import { failed, resting, worked } from "./guard.js";
import { live } from "./live.js";
import { text } from "./text.js";

const PATIENCE = 3_000;

export async function call(path, body) {
  if (resting()) throw 0;
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE);
  try {
    const sent = body && {
      method: "POST",
      body: text(body),
      keepalive: body.batch !== undefined,
    };
    const answer = await fetch(live.base + path, {
      credentials: "omit",
      signal: stop.signal,
      cache: "no-cache",
      ...sent,
    });
    if (!answer.ok) throw answer.status;
    const said = await answer.json();
    worked();
    return said;
  } catch (error) {
    if (error !== 401 && error !== 403) failed(error);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

// What every call carries.
export const signed = (body) => ({
  writeKey: live.key,
  visitorToken: live.token,
  staff: live.staff || undefined,
  demo: live.demo || undefined,
  ...body,
});
