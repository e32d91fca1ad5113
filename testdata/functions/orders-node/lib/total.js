'use strict';
exports.total = (line) => line.count * line.price;
