import { expect, it } from 'vitest';
import { linkAddress } from './link_address';

it.each([
  ['example.org/page', 'https://example.org/page'],
  ['  https://example.org ', 'https://example.org'],
  ['localhost:8080/x', 'https://localhost:8080/x'],
  ['ada@example.org', 'mailto:ada@example.org'],
  ['mailto:ada@example.org', 'mailto:ada@example.org'],
  ['/d/doc_1', '/d/doc_1'],
])('%s leads to %s', (text, address) => expect(linkAddress(text)).toBe(address));

it.each(['', '   ', 'two words', 'javascript:alert(1)', 'JavaScript:alert(1)', 'data:text/html,x', 'vbscript:x', 'file:///etc/passwd'])(
  '%j is no address that may be opened', (text) => expect(linkAddress(text)).toBeNull());
