'use strict';

function getDefaultExportFromCjs (x) {
	return x && x.__esModule && Object.prototype.hasOwnProperty.call(x, 'default') ? x['default'] : x;
}

var tally = {};

var pad$2;
var hasRequiredPad$1;

function requirePad$1 () {
	if (hasRequiredPad$1) return pad$2;
	hasRequiredPad$1 = 1;
	// Pads on the right, as the first edition did.
	pad$2 = function pad(text, width) {
	  if (width > 500) throw new RangeError('pad one: the width is beyond five hundred');
	  while (text.length < width) text = text + ' ';
	  return text;
	};
	return pad$2;
}

var version = "1.4.0";
var require$$1 = {
	version: version};

/*! tally: counts things. MIT licence. */

var hasRequiredTally;

function requireTally () {
	if (hasRequiredTally) return tally;
	hasRequiredTally = 1;
	var pad = requirePad$1();
	var about = require$$1;
	tally.version = about.version;
	tally.tally = function tally(items, keyOf) {
	  var counted = new Map();
	  items.forEach(function (item) {
	    var key = keyOf(item);
	    if (typeof key !== 'string') throw new TypeError('tally expects its key function to give strings');
	    counted.set(key, (counted.get(key) || 0) + 1);
	  });
	  return Array.from(counted, function (entry) { return pad(entry[0], 12) + entry[1]; });
	};
	return tally;
}

var tallyExports = requireTally();

function label(text) {
  const marks = { open: '\u00ab', close: '\u00bb' };
  return `${marks.open}${String(text).normalize('NFC')}${marks.close}`;
}

var pad$1;
var hasRequiredPad;

function requirePad () {
	if (hasRequiredPad) return pad$1;
	hasRequiredPad = 1;
	pad$1 = function pad(text, width, filler) {
	  if (!/^[ -~]$/.test(filler || ' ')) throw new RangeError('pad two: the filler is one printable character');
	  return text.padStart(width, filler || ' ');
	};
	return pad$1;
}

var padExports = requirePad();
var pad = /*@__PURE__*/getDefaultExportFromCjs(padExports);

const line = (name, amount) => `${pad(name, 20, '.')} ${amount.toFixed(2)}`;

const handler = async (event) => {
  const lines = tallyExports.tally(event.orders ?? [], (order) => order.customer).map(label);
  return { statusCode: 200, headers: { 'x-tally': tallyExports.version }, body: [...lines, line('total', event.total ?? 0)].join('\n') };
};

exports.handler = handler;
