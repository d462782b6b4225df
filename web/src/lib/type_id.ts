const kAlphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const kDigits = 26;
const kBitsOfADigit = 5n;

/** An identifier as the hub makes them: the prefix, `_`, and a UUIDv7 in 26 characters of Crockford base32 (TypeID 0.3). */
export function makeTypeId(prefix: string, now: number = Date.now(), random: Uint8Array = crypto.getRandomValues(new Uint8Array(10))): string {
  let number = BigInt(Math.trunc(now));
  for (const byte of random) number = (number << 8n) | BigInt(byte);
  // The version and the variant of the UUID, in the place of random bits.
  number = (number & ~(0xfn << 76n)) | (0x7n << 76n);
  number = (number & ~(0x3n << 62n)) | (0x2n << 62n);
  let digits = '';
  for (let place = kDigits - 1; place >= 0; place--) digits += kAlphabet[Number((number >> (BigInt(place) * kBitsOfADigit)) & 31n)];
  return `${prefix}_${digits}`;
}

const kTail = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;

export const isTypeId = (prefix: string, text: string): boolean => text.startsWith(`${prefix}_`) && kTail.test(text.slice(prefix.length + 1));
