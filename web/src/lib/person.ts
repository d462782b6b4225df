/**
 * How a person looks: a colour that stays the same on every screen, and initials.
 *
 * The colour comes from the user id alone, so all browsers agree without being told. Each hue has enough contrast
 * under white text (4.5:1) and stays apart from the others.
 */
const kColours = [
  '#b4432f', '#9a5b00', '#6b6d00', '#3d7a1f', '#0f7b5a', '#00788a',
  '#1f6fb5', '#4b61c9', '#7a4fc0', '#a03fa6', '#b83a74', '#7d5a4a',
] as const;

/** FNV-1a, 32 bits: small, stable, well spread for short strings. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    value ^= text.charCodeAt(i);
    value = Math.imul(value, 0x01000193);
  }
  return value >>> 0;
}

export function colourOf(userId: string): string {
  return kColours[hash(userId) % kColours.length] as string;
}

/** The first letters of the first and the last word, or of the only one. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/[\s._-]+/u).filter(Boolean);
  const first = words[0];
  if (!first) return '?';
  const last = words.length > 1 ? words[words.length - 1] : undefined;
  const letter = (word: string) => String.fromCodePoint(word.codePointAt(0) as number).toLocaleUpperCase();
  return last ? letter(first) + letter(last) : letter(first);
}

/** What to call somebody who gave no name: the part of the e-mail before the @. */
export function displayName(person: { name?: string | null; email?: string | null }): string {
  return person.name?.trim() || person.email?.split('@')[0] || 'Someone';
}
