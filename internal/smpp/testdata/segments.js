// Reads a JSON array of strings and says of each how sms-segments-calculator
// would send it: alphabet, parts, septets or UTF-16 units in each part.
const { SegmentedMessage } = require(require.resolve('sms-segments-calculator', { paths: [process.cwd()] }));
let input = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', (d) => { input += d; });
process.stdin.on('end', () => {
  const out = JSON.parse(input).map((text) => {
    const m = new SegmentedMessage(text, 'auto', false);
    const gsm = m.encodingName === 'GSM-7';
    return { gsm, parts: m.segments.map((s) => s.messageSizeInBits() / (gsm ? 7 : 16)) };
  });
  process.stdout.write(JSON.stringify(out));
});
