/*
 * ATTENTION: The "eval" devtool has been used (maybe by default in mode: "development").
 * This devtool is neither made for production nor for readable output files.
 * It uses "eval()" calls to create a separate source file in the browser devtools.
 * If you are trying to read the output file, select a different devtool (https://webpack.js.org/configuration/devtool/)
 * or disable the default devtool with "devtool: false".
 * If you are looking for production-ready output files, see mode: "production" (https://webpack.js.org/configuration/mode/).
 */
/******/ (() => { // webpackBootstrap
/******/ 	var __webpack_modules__ = ({

/***/ "./node_modules/pad/pad.js"
/*!*********************************!*\
  !*** ./node_modules/pad/pad.js ***!
  \*********************************/
(module) {

eval("{module.exports = function pad(text, width, filler) {\n  if (!/^[ -~]$/.test(filler || ' ')) throw new RangeError('pad two: the filler is one printable character');\n  return text.padStart(width, filler || ' ');\n};\n\n\n//# sourceURL=webpack:///./node_modules/pad/pad.js?\n}");

/***/ },

/***/ "./node_modules/tally/index.js"
/*!*************************************!*\
  !*** ./node_modules/tally/index.js ***!
  \*************************************/
(__unused_webpack_module, exports, __webpack_require__) {

"use strict";
eval("{/*! tally: counts things. MIT licence. */\n\nvar pad = __webpack_require__(/*! pad */ \"./node_modules/tally/node_modules/pad/pad.js\");\nvar about = __webpack_require__(/*! ./package.json */ \"./node_modules/tally/package.json\");\nexports.version = about.version;\nexports.tally = function tally(items, keyOf) {\n  var counted = new Map();\n  items.forEach(function (item) {\n    var key = keyOf(item);\n    if (typeof key !== 'string') throw new TypeError('tally expects its key function to give strings');\n    counted.set(key, (counted.get(key) || 0) + 1);\n  });\n  return Array.from(counted, function (entry) { return pad(entry[0], 12) + entry[1]; });\n};\n\n\n//# sourceURL=webpack:///./node_modules/tally/index.js?\n}");

/***/ },

/***/ "./node_modules/tally/node_modules/pad/pad.js"
/*!****************************************************!*\
  !*** ./node_modules/tally/node_modules/pad/pad.js ***!
  \****************************************************/
(module) {

eval("{// Pads on the right, as the first edition did.\nmodule.exports = function pad(text, width) {\n  if (width > 500) throw new RangeError('pad one: the width is beyond five hundred');\n  while (text.length < width) text = text + ' ';\n  return text;\n};\n\n\n//# sourceURL=webpack:///./node_modules/tally/node_modules/pad/pad.js?\n}");

/***/ },

/***/ "./src/handler.js"
/*!************************!*\
  !*** ./src/handler.js ***!
  \************************/
(__unused_webpack_module, __webpack_exports__, __webpack_require__) {

"use strict";
eval("{__webpack_require__.r(__webpack_exports__);\n/* harmony export */ __webpack_require__.d(__webpack_exports__, {\n/* harmony export */   handler: () => (/* binding */ handler)\n/* harmony export */ });\n/* harmony import */ var tally__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(/*! tally */ \"./node_modules/tally/index.js\");\n/* harmony import */ var _acme_label__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(/*! @acme/label */ \"./node_modules/@acme/label/label.mjs\");\n/* harmony import */ var _total_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(/*! ./total.js */ \"./src/total.js\");\n\n\n\n\nconst handler = async (event) => {\n  const lines = (0,tally__WEBPACK_IMPORTED_MODULE_0__.tally)(event.orders ?? [], (order) => order.customer).map(_acme_label__WEBPACK_IMPORTED_MODULE_1__.label);\n  return { statusCode: 200, headers: { 'x-tally': tally__WEBPACK_IMPORTED_MODULE_0__.version }, body: [...lines, (0,_total_js__WEBPACK_IMPORTED_MODULE_2__.line)('total', event.total ?? 0)].join('\\n') };\n};\n\n\n//# sourceURL=webpack:///./src/handler.js?\n}");

/***/ },

/***/ "./src/total.js"
/*!**********************!*\
  !*** ./src/total.js ***!
  \**********************/
(__unused_webpack_module, __webpack_exports__, __webpack_require__) {

"use strict";
eval("{__webpack_require__.r(__webpack_exports__);\n/* harmony export */ __webpack_require__.d(__webpack_exports__, {\n/* harmony export */   line: () => (/* binding */ line)\n/* harmony export */ });\n/* harmony import */ var pad__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(/*! pad */ \"./node_modules/pad/pad.js\");\n/* harmony import */ var pad__WEBPACK_IMPORTED_MODULE_0___default = /*#__PURE__*/__webpack_require__.n(pad__WEBPACK_IMPORTED_MODULE_0__);\n\nconst line = (name, amount) => `${pad__WEBPACK_IMPORTED_MODULE_0___default()(name, 20, '.')} ${amount.toFixed(2)}`;\n\n\n//# sourceURL=webpack:///./src/total.js?\n}");

/***/ },

/***/ "./node_modules/@acme/label/label.mjs"
/*!********************************************!*\
  !*** ./node_modules/@acme/label/label.mjs ***!
  \********************************************/
(__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) {

"use strict";
eval("{__webpack_require__.r(__webpack_exports__);\n/* harmony export */ __webpack_require__.d(__webpack_exports__, {\n/* harmony export */   label: () => (/* binding */ label),\n/* harmony export */   unused: () => (/* binding */ unused)\n/* harmony export */ });\nfunction label(text) {\n  const marks = { open: '\\u00ab', close: '\\u00bb' };\n  return `${marks.open}${String(text).normalize('NFC')}${marks.close}`;\n}\nfunction unused() {\n  return 'this sentence is shaken out of every bundle that does not ask for it';\n}\n\n\n//# sourceURL=webpack:///./node_modules/@acme/label/label.mjs?\n}");

/***/ },

/***/ "./node_modules/tally/package.json"
/*!*****************************************!*\
  !*** ./node_modules/tally/package.json ***!
  \*****************************************/
(module) {

"use strict";
eval("{module.exports = /*#__PURE__*/JSON.parse('{\"name\":\"tally\",\"version\":\"1.4.0\",\"main\":\"index.js\",\"license\":\"MIT\",\"repository\":\"https://example.com/tally\"}');\n\n//# sourceURL=webpack:///./node_modules/tally/package.json?\n}");

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
/******/ 	
/******/ 	// startup
/******/ 	// Load entry module and return exports
/******/ 	// This entry module can't be inlined because the eval devtool is used.
/******/ 	let __webpack_exports__ = __webpack_require__("./src/handler.js");
/******/ 	module.exports = __webpack_exports__;
/******/ 	
/******/ })()
;