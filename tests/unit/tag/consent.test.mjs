import assert from "node:assert/strict";
import test from "node:test";
import { tag } from "./page.mjs";

const consent = await tag("consent");
const open = () => Object.entries(consent.settled()).filter(([, is]) => is).map(([name]) => name);

test("nobody said anything: everything is closed", () => assert.deepEqual(open(), []));

test("Consent Mode: a yes to security opens nothing, a regional no counts, an update changes only what it names", () => {
  consent.sayMode("default", { security_storage: "granted", functionality_storage: "granted" });
  assert.deepEqual(open(), []);
  consent.sayMode("default", { analytics_storage: "granted", personalization_storage: "granted" });
  consent.sayMode("default", { analytics_storage: "denied", region: ["NL"], wait_for_update: 500 });
  assert.deepEqual(open(), ["device", "personalise"]);
  assert.ok(consent.wait > Date.now());
  consent.sayMode("update", { analytics_storage: "granted" });
  assert.deepEqual(open(), ["device", "measure", "personalise"]);
  consent.sayMode("update", { ad_user_data: "granted" });
  assert.ok(!open().includes("ads"));
  consent.sayMode("update", { ad_personalization: "granted" });
  assert.ok(open().includes("ads"));
});

test("TCF: an open dialog closes, a choice opens what it names; both tools must agree", () => {
  const all = { 1: true, 5: true, 6: true, 8: true };
  assert.equal(consent.sayTcf({ eventStatus: "tcloaded" }, false), false);
  consent.sayTcf({ eventStatus: "cmpuishown" }, true);
  assert.deepEqual(open(), []);
  consent.sayTcf({ eventStatus: "useractioncomplete", purpose: { consents: { ...all, 6: false } } }, true);
  assert.deepEqual(open(), ["device", "measure"]);
  consent.sayTcf({ eventStatus: "useractioncomplete", purpose: { consents: {} }, publisher: { consents: all } }, true);
  assert.deepEqual(open(), ["device", "measure", "personalise"]);
  consent.sayTcf({ eventStatus: "tcloaded", purpose: { consents: { ...all, 1: false } } }, true);
  assert.deepEqual(open(), []);
  consent.sayTcf({ gdprApplies: false }, true);
});

test("the shop's own call wins, and only true and false say something", () => {
  consent.sayOwn({ measure: false, personalise: "yes", device: 1 });
  assert.ok(!open().includes("measure"));
  assert.ok(open().includes("personalise"));
  consent.sayOwn({ device: true, measure: true, personalise: true });
  consent.sayMode("update", { analytics_storage: "denied", personalization_storage: "denied" });
  assert.deepEqual(open().slice(0, 3), ["device", "measure", "personalise"]);
});

test("a no in another tab holds until she says yes here", () => {
  consent.closeElsewhere("personalise");
  assert.ok(!open().includes("personalise"));
  consent.sayOwn({ personalise: true });
  assert.ok(open().includes("personalise"));
});

test("without the device everything is closed, and of what nobody spoke nothing is passed on", () => {
  consent.sayOwn({ device: false });
  assert.deepEqual(open(), []);
  assert.equal("email" in consent.stated(consent.settled()), false);
});
