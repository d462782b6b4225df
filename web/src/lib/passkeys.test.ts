import { describe, expect, it } from 'vitest';
import { bytesOf, passkeyPlace, textOf } from './passkeys';

const page = (address: string) => new URL(address);

describe('where passkeys work', () => {
  it('is the address that the hub names, to the port', () => {
    expect(passkeyPlace('https://hub.example.org', page('https://hub.example.org/account'), true)).toEqual({ ok: true });
    for (const elsewhere of ['https://192.0.2.1/', 'http://hub.example.org/', 'https://hub.example.org:8443/', 'https://www.hub.example.org/'])
      expect(passkeyPlace('https://hub.example.org', page(elsewhere), true)).toEqual({ ok: false, why: 'address', at: 'https://hub.example.org' });
  });

  it('is any port of localhost where the hub does not know its address, and not 127.0.0.1', () => {
    expect(passkeyPlace('http://localhost', page('http://localhost:8080/'), true)).toEqual({ ok: true });
    expect(passkeyPlace('http://localhost', page('http://127.0.0.1:8080/'), true)).toEqual({ ok: false, why: 'address', at: 'http://localhost:8080' });
    expect(passkeyPlace('http://localhost', page('https://127.0.0.1/'), true)).toEqual({ ok: false, why: 'address', at: 'https://localhost' });
  });

  it('is nowhere where the hub has no name or the browser cannot', () => {
    expect(passkeyPlace(null, page('https://192.0.2.1/'), true)).toEqual({ ok: false, why: 'hub', at: '' });
    expect(passkeyPlace('https://hub.example.org', page('https://hub.example.org/'), false)).toMatchObject({ ok: false, why: 'browser' });
  });
});

describe('bytes in JSON', () => {
  it('are base64url without padding, both ways', () => {
    const bytes = Uint8Array.from([0, 255, 254, 62, 63, 64, 250]);
    for (let size = 0; size <= bytes.length; ++size) {
      const text = textOf(bytes.slice(0, size).buffer);
      expect(text).toMatch(/^[A-Za-z0-9_-]*$/);
      expect([...new Uint8Array(bytesOf(text))]).toEqual([...bytes.slice(0, size)]);
    }
  });
});
