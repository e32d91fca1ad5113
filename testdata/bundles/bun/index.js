var __create = Object.create;
var __getProtoOf = Object.getPrototypeOf;
var __defProp = Object.defineProperty;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __hasOwnProp = Object.prototype.hasOwnProperty;
function __accessProp(key) {
  return this[key];
}
var __toESMCache_node;
var __toESMCache_esm;
var __toESM = (mod, isNodeMode, target) => {
  var canCache = mod != null && typeof mod === "object";
  if (canCache) {
    var cache = isNodeMode ? __toESMCache_node ??= new WeakMap : __toESMCache_esm ??= new WeakMap;
    var cached = cache.get(mod);
    if (cached)
      return cached;
  }
  target = mod != null ? __create(__getProtoOf(mod)) : {};
  const to = isNodeMode || !mod || !mod.__esModule || !__hasOwnProp.call(mod, "default") ? __defProp(target, "default", { value: mod, enumerable: true }) : target;
  if (mod && typeof mod === "object" || typeof mod === "function") {
    for (let key of __getOwnPropNames(mod))
      if (!__hasOwnProp.call(to, key))
        __defProp(to, key, {
          get: __accessProp.bind(mod, key),
          enumerable: true
        });
  }
  if (canCache)
    cache.set(mod, to);
  return to;
};
var __commonJS = (cb, mod) => () => (mod || cb((mod = { exports: {} }).exports, mod), mod.exports);

// node_modules/tally/node_modules/pad/pad.js
var require_pad = __commonJS(function(exports, module) {
  module.exports = function pad(text, width) {
    if (width > 500)
      throw new RangeError("pad one: the width is beyond five hundred");
    while (text.length < width)
      text = text + " ";
    return text;
  };
});

// node_modules/tally/package.json
var require_package = __commonJS(function(exports, module) {
  module.exports = { name: "tally", version: "1.4.0", main: "index.js", license: "MIT", repository: "https://example.com/tally" };
});

// node_modules/pad/pad.js
var require_pad2 = __commonJS(function(exports, module) {
  module.exports = function pad(text, width, filler) {
    if (!/^[ -~]$/.test(filler || " "))
      throw new RangeError("pad two: the filler is one printable character");
    return text.padStart(width, filler || " ");
  };
});

// node_modules/tally/index.js
/*! tally: counts things. MIT licence. */
var pad = require_pad();
var about = require_package();
var $version = about.version;
var $tally = function tally(items, keyOf) {
  var counted = new Map;
  items.forEach(function(item) {
    var key = keyOf(item);
    if (typeof key !== "string")
      throw new TypeError("tally expects its key function to give strings");
    counted.set(key, (counted.get(key) || 0) + 1);
  });
  return Array.from(counted, function(entry) {
    return pad(entry[0], 12) + entry[1];
  });
};

// node_modules/@acme/label/label.mjs
function label(text) {
  const marks = { open: "«", close: "»" };
  return `${marks.open}${String(text).normalize("NFC")}${marks.close}`;
}

// src/total.js
var import_pad = __toESM(require_pad2());
var line = (name, amount) => `${import_pad.default(name, 20, ".")} ${amount.toFixed(2)}`;

// src/handler.js
var handler = async (event) => {
  const lines = $tally(event.orders ?? [], (order) => order.customer).map(label);
  return { statusCode: 200, headers: { "x-tally": $version }, body: [...lines, line("total", event.total ?? 0)].join(`
`) };
};
export {
  handler
};
