var __create = Object.create;
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __getProtoOf = Object.getPrototypeOf;
var __hasOwnProp = Object.prototype.hasOwnProperty;
var __commonJS = (cb, mod) => function __require() {
  return mod || (0, cb[__getOwnPropNames(cb)[0]])((mod = { exports: {} }).exports, mod), mod.exports;
};
var __export = (target, all) => {
  for (var name in all)
    __defProp(target, name, { get: all[name], enumerable: true });
};
var __copyProps = (to, from, except, desc) => {
  if (from && typeof from === "object" || typeof from === "function") {
    for (let key of __getOwnPropNames(from))
      if (!__hasOwnProp.call(to, key) && key !== except)
        __defProp(to, key, { get: () => from[key], enumerable: !(desc = __getOwnPropDesc(from, key)) || desc.enumerable });
  }
  return to;
};
var __toESM = (mod, isNodeMode, target) => (target = mod != null ? __create(__getProtoOf(mod)) : {}, __copyProps(
  // If the importer is in node compatibility mode or this is not an ESM
  // file that has been converted to a CommonJS file using a Babel-
  // compatible transform (i.e. "__esModule" has not been set), then set
  // "default" to the CommonJS "module.exports" for node compatibility.
  isNodeMode || !mod || !mod.__esModule ? __defProp(target, "default", { value: mod, enumerable: true }) : target,
  mod
));
var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);

// node_modules/tally/node_modules/pad/pad.js
var require_pad = __commonJS({
  "node_modules/tally/node_modules/pad/pad.js"(exports2, module2) {
    module2.exports = function pad2(text, width) {
      if (width > 500) throw new RangeError("pad one: the width is beyond five hundred");
      while (text.length < width) text = text + " ";
      return text;
    };
  }
});

// node_modules/tally/package.json
var require_package = __commonJS({
  "node_modules/tally/package.json"(exports2, module2) {
    module2.exports = { name: "tally", version: "1.4.0", main: "index.js", license: "MIT", repository: "https://example.com/tally" };
  }
});

// node_modules/tally/index.js
var require_tally = __commonJS({
  "node_modules/tally/index.js"(exports2) {
    "use strict";
    var pad2 = require_pad();
    var about = require_package();
    exports2.version = about.version;
    exports2.tally = function tally2(items, keyOf) {
      var counted = /* @__PURE__ */ new Map();
      items.forEach(function(item) {
        var key = keyOf(item);
        if (typeof key !== "string") throw new TypeError("tally expects its key function to give strings");
        counted.set(key, (counted.get(key) || 0) + 1);
      });
      return Array.from(counted, function(entry) {
        return pad2(entry[0], 12) + entry[1];
      });
    };
  }
});

// node_modules/pad/pad.js
var require_pad2 = __commonJS({
  "node_modules/pad/pad.js"(exports2, module2) {
    module2.exports = function pad2(text, width, filler) {
      if (!/^[ -~]$/.test(filler || " ")) throw new RangeError("pad two: the filler is one printable character");
      return text.padStart(width, filler || " ");
    };
  }
});

// src/handler.js
var handler_exports = {};
__export(handler_exports, {
  handler: () => handler
});
module.exports = __toCommonJS(handler_exports);
var import_tally = __toESM(require_tally());

// node_modules/@acme/label/label.mjs
function label(text) {
  const marks = { open: "\xAB", close: "\xBB" };
  return `${marks.open}${String(text).normalize("NFC")}${marks.close}`;
}

// src/total.js
var import_pad = __toESM(require_pad2());
var line = (name, amount) => `${(0, import_pad.default)(name, 20, ".")} ${amount.toFixed(2)}`;

// src/handler.js
var handler = async (event) => {
  const lines = (0, import_tally.tally)(event.orders ?? [], (order) => order.customer).map(label);
  return { statusCode: 200, headers: { "x-tally": import_tally.version }, body: [...lines, line("total", event.total ?? 0)].join("\n") };
};
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  handler
});
/*! Bundled license information:

tally/index.js:
  (*! tally: counts things. MIT licence. *)
*/
