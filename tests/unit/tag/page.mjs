// A page without a browser: as much of one as the pure verbs look at.
globalThis.window = globalThis;
globalThis.document = { documentElement: { lang: "nl" }, cookie: "", querySelectorAll: () => [], referrer: "" };
globalThis.location = { href: "https://shop.example/", pathname: "/", protocol: "https:" };
export const tag = (name) => import(`../../../src/etalage/tag/${name}.js`);
