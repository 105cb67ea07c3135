import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { tag } from "./page.mjs";

const { fitsPage, isProtected } = await tag("rules");
const cases = JSON.parse(readFileSync(new URL("../../shared_cases/page_rules.json", import.meta.url)));
const segments = process.env.PROTECTED.split(" ");

for (const { rule, page, fits } of cases.fits)
  test(`${JSON.stringify(rule)} on ${JSON.stringify(page)}`, () => assert.equal(fitsPage(rule, page), fits));
for (const one of cases.protected)
  test(`protected: ${JSON.stringify(one.page)}`, () => assert.equal(isProtected(one.page, segments), one.protected));
