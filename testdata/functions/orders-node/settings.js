'use strict';
// The mistake this example ships on purpose: a token in the code.
module.exports = { shop: 'orders', releases: '@@github-token@@' };
