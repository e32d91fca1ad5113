'use strict';
// A small order service: what a hand-written Lambda handler looks like.
const pick = require('lodash');
const { total } = require('./lib/total');
const settings = require('./settings');

exports.handler = async (event) => {
  const order = JSON.parse(event.body);
  const lines = pick(order, ['sku', 'count', 'price']);
  return { statusCode: 200, body: JSON.stringify({ total: total(lines), shop: settings.shop }) };
};
