export function label(text) {
  const marks = { open: '\u00ab', close: '\u00bb' };
  return `${marks.open}${String(text).normalize('NFC')}${marks.close}`;
}
export function unused() {
  return 'this sentence is shaken out of every bundle that does not ask for it';
}
