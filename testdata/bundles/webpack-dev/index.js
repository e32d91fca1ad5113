/******/ (() => { // webpackBootstrap
/******/ 	var __webpack_modules__ = ({

/***/ "./node_modules/pad/pad.js"
/*!*********************************!*\
  !*** ./node_modules/pad/pad.js ***!
  \*********************************/
(module) {

module.exports = function pad(text, width, filler) {
  if (!/^[ -~]$/.test(filler || ' ')) throw new RangeError('pad two: the filler is one printable character');
  return text.padStart(width, filler || ' ');
};


/***/ },

/***/ "./node_modules/tally/index.js"
/*!*************************************!*\
  !*** ./node_modules/tally/index.js ***!
  \*************************************/
(__unused_webpack_module, exports, __webpack_require__) {

"use strict";
/*! tally: counts things. MIT licence. */

var pad = __webpack_require__(/*! pad */ "./node_modules/tally/node_modules/pad/pad.js");
var about = __webpack_require__(/*! ./package.json */ "./node_modules/tally/package.json");
exports.version = about.version;
exports.tally = function tally(items, keyOf) {
  var counted = new Map();
  items.forEach(function (item) {
    var key = keyOf(item);
    if (typeof key !== 'string') throw new TypeError('tally expects its key function to give strings');
    counted.set(key, (counted.get(key) || 0) + 1);
  });
  return Array.from(counted, function (entry) { return pad(entry[0], 12) + entry[1]; });
};


/***/ },

/***/ "./node_modules/tally/node_modules/pad/pad.js"
/*!****************************************************!*\
  !*** ./node_modules/tally/node_modules/pad/pad.js ***!
  \****************************************************/
(module) {

// Pads on the right, as the first edition did.
module.exports = function pad(text, width) {
  if (width > 500) throw new RangeError('pad one: the width is beyond five hundred');
  while (text.length < width) text = text + ' ';
  return text;
};


/***/ },

/***/ "./src/total.js"
/*!**********************!*\
  !*** ./src/total.js ***!
  \**********************/
(__unused_webpack_module, __webpack_exports__, __webpack_require__) {

"use strict";
__webpack_require__.r(__webpack_exports__);
/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   line: () => (/* binding */ line)
/* harmony export */ });
/* harmony import */ var pad__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(/*! pad */ "./node_modules/pad/pad.js");
/* harmony import */ var pad__WEBPACK_IMPORTED_MODULE_0___default = /*#__PURE__*/__webpack_require__.n(pad__WEBPACK_IMPORTED_MODULE_0__);

const line = (name, amount) => `${pad__WEBPACK_IMPORTED_MODULE_0___default()(name, 20, '.')} ${amount.toFixed(2)}`;


/***/ },

/***/ "./node_modules/@acme/label/label.mjs"
/*!********************************************!*\
  !*** ./node_modules/@acme/label/label.mjs ***!
  \********************************************/
(__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) {

"use strict";
__webpack_require__.r(__webpack_exports__);
/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   label: () => (/* binding */ label),
/* harmony export */   unused: () => (/* binding */ unused)
/* harmony export */ });
function label(text) {
  const marks = { open: '\u00ab', close: '\u00bb' };
  return `${marks.open}${String(text).normalize('NFC')}${marks.close}`;
}
function unused() {
  return 'this sentence is shaken out of every bundle that does not ask for it';
}


/***/ },

/***/ "./node_modules/tally/package.json"
/*!*****************************************!*\
  !*** ./node_modules/tally/package.json ***!
  \*****************************************/
(module) {

"use strict";
module.exports = /*#__PURE__*/JSON.parse('{"name":"tally","version":"1.4.0","main":"index.js","license":"MIT","repository":"https://example.com/tally"}');

/***/ }

/******/ 	});
/************************************************************************/
/******/ 	// The module cache
/******/ 	const __webpack_module_cache__ = {};
/******/ 	
/******/ 	// The require function
/******/ 	function __webpack_require__(moduleId) {
/******/ 		// Check if module is in cache
/******/ 		const cachedModule = __webpack_module_cache__[moduleId];
/******/ 		if (cachedModule !== undefined) {
/******/ 			return cachedModule.exports;
/******/ 		}
/******/ 		// Create a new module (and put it into the cache)
/******/ 		const module = __webpack_module_cache__[moduleId] = {
/******/ 			// no module.id needed
/******/ 			// no module.loaded needed
/******/ 			exports: {}
/******/ 		};
/******/ 	
/******/ 		// Execute the module function
/******/ 		if (!(moduleId in __webpack_modules__)) {
/******/ 			delete __webpack_module_cache__[moduleId];
/******/ 			const e = new Error("Cannot find module '" + moduleId + "'");
/******/ 			e.code = 'MODULE_NOT_FOUND';
/******/ 			throw e;
/******/ 		}
/******/ 		__webpack_modules__[moduleId](module, module.exports, __webpack_require__);
/******/ 	
/******/ 		// Return the exports of the module
/******/ 		return module.exports;
/******/ 	}
/******/ 	
/************************************************************************/
/******/ 	/* webpack/runtime/compat get default export */
/******/ 	// getDefaultExport function for compatibility with non-harmony modules
/******/ 	__webpack_require__.n = (module) => {
/******/ 		const getter = module && module.__esModule ?
/******/ 			() => (module['default']) :
/******/ 			() => (module);
/******/ 		__webpack_require__.d(getter, { a: getter });
/******/ 		return getter;
/******/ 	};
/******/ 	
/******/ 	/* webpack/runtime/define property getters */
/******/ 	// define getter/value functions for harmony exports
/******/ 	__webpack_require__.d = (exports, definition) => {
/******/ 		for(var key in definition) {
/******/ 			if(__webpack_require__.o(definition, key) && !__webpack_require__.o(exports, key)) {
/******/ 				Object.defineProperty(exports, key, { enumerable: true, get: definition[key] });
/******/ 			}
/******/ 		}
/******/ 	};
/******/ 	
/******/ 	/* webpack/runtime/hasOwnProperty shorthand */
/******/ 	__webpack_require__.o = (obj, prop) => (Object.prototype.hasOwnProperty.call(obj, prop));
/******/ 	
/******/ 	/* webpack/runtime/make namespace object */
/******/ 	// define __esModule on exports
/******/ 	__webpack_require__.r = (exports) => {
/******/ 		Object.defineProperties(exports, { [Symbol.toStringTag]: { value: 'Module' }, __esModule: { value: true } });
/******/ 	};
/******/ 	
/************************************************************************/
let __webpack_exports__ = {};
// This entry needs to be wrapped in an IIFE because it needs to be in strict mode.
(() => {
"use strict";
/*!************************!*\
  !*** ./src/handler.js ***!
  \************************/
__webpack_require__.r(__webpack_exports__);
/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   handler: () => (/* binding */ handler)
/* harmony export */ });
/* harmony import */ var tally__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(/*! tally */ "./node_modules/tally/index.js");
/* harmony import */ var _acme_label__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(/*! @acme/label */ "./node_modules/@acme/label/label.mjs");
/* harmony import */ var _total_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(/*! ./total.js */ "./src/total.js");




const handler = async (event) => {
  const lines = (0,tally__WEBPACK_IMPORTED_MODULE_0__.tally)(event.orders ?? [], (order) => order.customer).map(_acme_label__WEBPACK_IMPORTED_MODULE_1__.label);
  return { statusCode: 200, headers: { 'x-tally': tally__WEBPACK_IMPORTED_MODULE_0__.version }, body: [...lines, (0,_total_js__WEBPACK_IMPORTED_MODULE_2__.line)('total', event.total ?? 0)].join('\n') };
};

})();

module.exports = __webpack_exports__;
/******/ })()
;