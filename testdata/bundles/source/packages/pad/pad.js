module.exports = function pad(text, width, filler) {
  if (!/^[ -~]$/.test(filler || ' ')) throw new RangeError('pad two: the filler is one printable character');
  return text.padStart(width, filler || ' ');
};
