import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';

const kStructsEach = 4_000;

/**
 * A document's state as several updates (V1), each made when it is asked for, so that no step of it takes long. They make the
 * document only together. What is written meanwhile may be in them or not: to be sure of it, add the updates of that time.
 */
export function* stateInPieces(doc: Y.Doc, structsEach: number = kStructsEach): Generator<Uint8Array> {
  const ends = [...doc.store.clients.keys()].map((client) => [client, Y.getState(doc.store, client)] as const);
  for (const [client, end] of ends) {
    let clock = 0;
    while (clock < end) {
      // Looked up each time: what is written meanwhile splits structs and joins them.
      const structs = doc.store.clients.get(client) as (Y.Item | Y.GC)[];
      const first = Y.findIndexSS(structs, clock);
      const piece = structs.slice(first, first + structsEach);
      const encoder = new Y.UpdateEncoderV1();
      encoding.writeVarUint(encoder.restEncoder, 1); // clients
      encoding.writeVarUint(encoder.restEncoder, piece.length);
      encoder.writeClient(client);
      encoding.writeVarUint(encoder.restEncoder, clock);
      for (const struct of piece) {
        struct.write(encoder, Math.max(0, clock - struct.id.clock));
        clock = struct.id.clock + struct.length;
      }
      encoding.writeVarUint(encoder.restEncoder, 0); // nothing deleted: that comes last
      yield encoder.toUint8Array();
    }
  }
  yield Y.encodeStateAsUpdate(doc, Y.encodeStateVector(doc));
}
