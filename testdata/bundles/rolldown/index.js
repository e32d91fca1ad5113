Object.defineProperty(exports, Symbol.toStringTag, { value: "Module" });
// \0rolldown/runtime.js
var __create = Object.create;
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __getProtoOf = Object.getPrototypeOf;
var __hasOwnProp = Object.prototype.hasOwnProperty;
var __commonJSMin = (cb, mod) => () => (mod || (cb((mod = { exports: {} }).exports, mod, mod.exports), cb = null), mod.exports);
var __copyProps = (to, from, except, desc) => {
	if (from && typeof from === "object" || typeof from === "function") for (var keys = __getOwnPropNames(from), i = 0, n = keys.length, key; i < n; i++) {
		key = keys[i];
		if (!__hasOwnProp.call(to, key) && key !== except) __defProp(to, key, {
			get: ((k) => from[k]).bind(null, key),
			enumerable: !(desc = __getOwnPropDesc(from, key)) || desc.enumerable
		});
	}
	return to;
};
var __toESM = (mod, isNodeMode, target) => (target = mod != null ? __create(__getProtoOf(mod)) : {}, __copyProps(isNodeMode || !mod || !mod.__esModule || !__hasOwnProp.call(mod, "default") ? __defProp(target, "default", {
	value: mod,
	enumerable: true
}) : target, mod));
// node_modules/tally/node_modules/pad/pad.js
var require_pad$1 = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	module.exports = function pad(text, width) {
		if (width > 500) throw new RangeError("pad one: the width is beyond five hundred");
		while (text.length < width) text = text + " ";
		return text;
	};
}));
// node_modules/tally/package.json
var require_package = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	module.exports = {
		"name": "tally",
		"version": "1.4.0",
		"main": "index.js",
		"license": "MIT",
		"repository": "https://example.com/tally"
	};
}));
/*! tally: counts things. MIT licence. */
// node_modules/@acme/label/label.mjs
var import_tally = (/* @__PURE__ */ __commonJSMin(((exports) => {
	var pad = require_pad$1();
	exports.version = require_package().version;
	exports.tally = function tally(items, keyOf) {
		var counted = /* @__PURE__ */ new Map();
		items.forEach(function(item) {
			var key = keyOf(item);
			if (typeof key !== "string") throw new TypeError("tally expects its key function to give strings");
			counted.set(key, (counted.get(key) || 0) + 1);
		});
		return Array.from(counted, function(entry) {
			return pad(entry[0], 12) + entry[1];
		});
	};
})))();
function label(text) {
	const marks = {
		open: "«",
		close: "»"
	};
	return `${marks.open}${String(text).normalize("NFC")}${marks.close}`;
}
// src/total.js
var import_pad = /* @__PURE__ */ __toESM((/* @__PURE__ */ __commonJSMin(((exports, module) => {
	module.exports = function pad(text, width, filler) {
		if (!/^[ -~]$/.test(filler || " ")) throw new RangeError("pad two: the filler is one printable character");
		return text.padStart(width, filler || " ");
	};
})))());
const line = (name, amount) => `${(0, import_pad.default)(name, 20, ".")} ${amount.toFixed(2)}`;
// src/handler.js
const handler = async (event) => {
	const lines = (0, import_tally.tally)(event.orders ?? [], (order) => order.customer).map(label);
	return {
		statusCode: 200,
		headers: { "x-tally": import_tally.version },
		body: [...lines, line("total", event.total ?? 0)].join("\n")
	};
};
exports.handler = handler;
