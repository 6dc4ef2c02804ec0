// A message centre on npm smpp, run with web/ as working directory.
//
//   node smsc.js '{"password": "secret", "throttle": 10, ...}'
//
// It prints {"port": N} first. Each line on its input is answered by a line of
// JSON: "stats" by what happened so far, "mo FROM TEXT" sends a person's
// message. It ends with its input.
const smpp = require(require.resolve('smpp', { paths: [process.cwd()] }));
const readline = require('readline');

const o = JSON.parse(process.argv[2] || '{}');
const stats = { binds: 0, refused: 0, open: 0, most_open: 0, connections: 0, most_connections: 0,
  messages: 0, throttled: 0, acked: 0, nacked: 0, dropped: 0, validity: '', texts: {} };
const joined = {}; // parts of long texts
let next = 255; // 0xff, then 0x100: decimal and hexadecimal differ
let last = null;

function take(pdu) {
  const m = pdu.short_message;
  let text = m.message;
  const joint = (m.udh || []).find((h) => h[0] === 0);
  if (joint) {
    const key = [pdu.destination_addr, joint[2]].join();
    const parts = joined[key] = joined[key] || {};
    parts[joint[4]] = text;
    if (Object.keys(parts).length < joint[3]) return;
    text = '';
    for (let i = 1; i <= joint[3]; i++) text += parts[i];
    delete joined[key];
  }
  (stats.texts[pdu.destination_addr] = stats.texts[pdu.destination_addr] || []).push(text);
}

function receipt(pdu, id, tries) {
  const s = last;
  if (!s || tries === 0) return;
  const failed = o.undelivered && pdu.destination_addr.endsWith(o.undelivered);
  const state = failed ? 'UNDELIV' : 'DELIVRD';
  const pad = (n) => String(n).padStart(10, '0'); // many centres do
  const d = { source_addr: pdu.destination_addr, destination_addr: pdu.source_addr, esm_class: 4 };
  if (o.tlv) {
    d.receipted_message_id = o.hex ? id.toString(16) : String(id);
    d.message_state = failed ? 5 : 2;
    d.short_message = '';
  } else {
    d.short_message = `id:${pad(id)} sub:001 dlvrd:001 submit date:2611020304 done date:2611020305 stat:${state} err:000 text:`;
  }
  const again = (ms) => setTimeout(() => receipt(pdu, id, tries - 1), ms);
  const lost = setTimeout(again, 12000, 0); // the connection went with the answer
  s.once('close', () => { clearTimeout(lost); if (!done) again(200); });
  let done = false;
  const sent = s.deliver_sm(d, (r) => {
    clearTimeout(lost);
    done = true;
    if (r.command_status === 0) { stats.acked++; return; }
    stats.nacked++;
    again(200);
  });
  if (!sent) { clearTimeout(lost); done = true; again(200); }
}

const server = smpp.createServer((session) => {
  session.setMaxListeners(0);
  stats.connections++;
  stats.most_connections = Math.max(stats.most_connections, stats.connections);
  let bound = false;
  session.on('error', () => session.destroy());
  session.on('close', () => { stats.connections--; if (bound) stats.open--; });
  session.on('bind_transceiver', (pdu) => {
    if (o.close_at_bind > 0) { o.close_at_bind--; session.destroy(); return; }
    if (o.password && pdu.password !== o.password) {
      stats.refused++;
      session.send(pdu.response({ command_status: smpp.ESME_RINVPASWD }));
      session.close();
      return;
    }
    if (stats.open > 0 && o.one_bind) { // as strict providers do
      stats.refused++;
      session.send(pdu.response({ command_status: smpp.ESME_RALYBND }));
      session.close();
      return;
    }
    bound = true;
    last = session;
    stats.binds++; stats.open++;
    stats.most_open = Math.max(stats.most_open, stats.open);
    session.send(pdu.response());
  });
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => { session.send(pdu.response()); session.close(); });
  session.on('submit_sm', (pdu) => {
    stats.messages++;
    stats.validity = pdu.validity_period ? 'set' : '';
    if (o.silent) return;
    if (o.garbage > 0) { o.garbage--; session.socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'); return; }
    if (stats.throttled < (o.throttle || 0)) {
      stats.throttled++;
      session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
      return;
    }
    if (o.drop_every && stats.messages % o.drop_every === 0 && stats.dropped < (o.drops || 1)) {
      stats.dropped++;
      session.destroy();
      return;
    }
    if (o.unknown && pdu.destination_addr.endsWith(o.unknown)) {
      session.send(pdu.response({ command_status: smpp.ESME_RINVDSTADR }));
      return;
    }
    take(pdu);
    const id = next++;
    const answer = () => session.send(pdu.response({ message_id: o.hex ? id.toString(16) : String(id) }));
    if (o.early) { receipt(pdu, id, 50); setTimeout(answer, 300); return; }
    answer();
    if (!o.no_receipts) setTimeout(() => receipt(pdu, id, 50), o.receipt_ms || 0);
  });
});

server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  if (line.startsWith('mo ')) {
    const [, from, text] = line.match(/^mo (\S+) (.*)$/);
    last.deliver_sm({ source_addr_ton: 1, source_addr_npi: 1, source_addr: from, destination_addr: 'TOCSIN', short_message: text },
      (r) => console.log(JSON.stringify({ status: r.command_status })));
    return;
  }
  console.log(JSON.stringify(stats));
}).on('close', () => process.exit(0));
