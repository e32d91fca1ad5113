/*! tally: counts things. MIT licence. */
'use strict';
var pad = require('pad');
var about = require('./package.json');
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
