// The short-lived loader: a stub that keeps what is said, and the tag pinned by its hash.
// KEY, HASH and INTEGRITY are filled in by the server (api/tag.py).
// A page's `load` waits for scripts (in Firefox and WebKit also for `import`), and not for `fetch`: so the tag is fetched
// first, and put in the page once it is here; the browser then has it in its cache. The line in the page does the same
// with this file. A server that never answers holds nothing back.
// That line may be a script with our address, or one that imports it and has the address in `data-etalage-tag`.
(function (win, doc) {
  try {
    if (typeof win.etalage !== "function") {
      var stub = (win.etalage = function () {
        var given = arguments;
        return new Promise(function (done) {
          stub.q.push([given, done]);
          setTimeout(done, 300, given[1]); // whoever waits for an order gets his own
        });
      });
      stub.q = [];
    }
    if (win.etalage.l) return;
    win.etalage.l = 1;
    var own = doc.currentScript || doc.querySelector("[data-etalage-tag*='/tag/KEY.js']");
    var address = (own.src || own.dataset.etalageTag).replace(/\/tag\/.*/, "/tag/KEY.HASH.js");
    var script = doc.createElement("script");
    var types = win.trustedTypes;
    var pinned = { integrity: "INTEGRITY", credentials: "omit" };
    script.crossOrigin = "anonymous";
    script.integrity = pinned.integrity;
    script.nonce = own.nonce;
    script.src = types
      ? types.createPolicy("etalage", { createScriptURL: String }).createScriptURL(address)
      : address;
    fetch(address, pinned)
      .then(function (answer) {
        return answer.blob();
      })
      .then(function () {
        own.after(script);
      })
      .catch(function () {});
  } catch (error) {}
})(window, document);
