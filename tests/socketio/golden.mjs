// Writes golden.jsonl: packets as socket.io's own packages write them, for src/socketio/golden_test.cpp. A line is
//   {"payload": base64 of a polling payload, "packets": [{type, nsp, id, attachments, data, bytes: [base64]}]}
// where `data` is the JSON text behind the head of the packet. `node golden.mjs > golden.jsonl`.
import { encodePayload } from 'engine.io-parser';
import { Encoder, PacketType } from 'socket.io-parser';

let state = 20261122;
/** A whole number from 0 to below `n`. */
const pick = (n) => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % n;
const words = ['a', 'é€', '😀', '"\\', '1', ',', '[', '}', '-', '/', 'x y', '\n\u001e', 'join', ''];
const word = () => Array.from({ length: pick(4) }, () => words[pick(words.length)]).join('');

function value(depth, binary) {
  switch (pick(depth > 2 ? 5 : binary ? 8 : 7)) {
    case 0: return pick(1e6) - 5e5;
    case 1: return pick(1e6) / 7;
    case 2: return pick(2) === 0;
    case 3: return null;
    case 4: return word();
    case 5: return Array.from({ length: pick(4) }, () => value(depth + 1, binary));
    case 6: return Object.fromEntries(Array.from({ length: pick(4) }, () => [word(), value(depth + 1, binary)]));
    default: return Buffer.from(Array.from({ length: pick(6) }, () => pick(256)));
  }
}

function packet() {
  const nsp = ['/', '/', '/admin', '/a?b=c'][pick(4)];
  const id = pick(2) ? pick(2 ** 31) : undefined;
  switch (pick(5)) {
    case 0: return { type: PacketType.CONNECT, nsp, data: pick(2) ? { token: word() } : undefined };
    case 1: return { type: PacketType.DISCONNECT, nsp };
    case 2: return { type: PacketType.ACK, nsp, id: id ?? 0, data: Array.from({ length: pick(3) }, () => value(0, true)) };
    default: return { type: PacketType.EVENT, nsp, id, data: ['e' + word(), ...Array.from({ length: pick(4) }, () => value(0, true))] };
  }
}

for (let line = 0; line < 200; line++) {
  const packets = [];
  const engine = [];
  for (let left = 1 + pick(3); left > 0; left--) {
    const [head, ...bytes] = new Encoder().encode(packet());
    if (bytes.length > 10) continue;
    const [, type, attachments, nsp, id, data] = /^(\d)(?:(?<=[56])(\d+)-)?(?:(\/[^,]*),)?(\d+)?(.*)$/s.exec(head);
    packets.push({ type: +type, nsp: nsp ?? '/', id: id ? +id : null, attachments: +(attachments ?? 0), data, bytes: bytes.map((b) => b.toString('base64')) });
    engine.push({ type: 'message', data: head }, ...bytes.map((data) => ({ type: 'message', data })));
  }
  if (packets.length === 0) continue;
  encodePayload(engine, (payload) => console.log(JSON.stringify({ payload: Buffer.from(payload).toString('base64'), packets })));
}
