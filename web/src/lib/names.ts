/** Somebody by name, as comments show and mention them. */
export interface Named {
  id: string;
  name: string;
}

/** What to call somebody whose name is not known here. */
export function strangerName(id: string): string {
  if (id.startsWith('agt_')) return 'An agent';
  if (id.startsWith('lnk') || id.startsWith('visitor')) return 'A visitor';
  return 'Somebody';
}

/** A piece of what was written: words, or somebody's name. */
export interface Words {
  text: string;
  mention: Named | null;
}

/** Where the names of those who are mentioned stand in the text, each after an @; of two that fit, the longer. */
export function withMentions(body: string, mentioned: readonly Named[]): Words[] {
  const longestFirst = [...mentioned].filter((one) => one.name !== '').sort((a, b) => b.name.length - a.name.length);
  const found: Words[] = [];
  let plain = '';
  for (let at = 0; at < body.length;) {
    const who = body[at] === '@' ? longestFirst.find((one) => body.startsWith(one.name, at + 1)) : undefined;
    if (!who) { plain += body[at++]; continue; }
    if (plain) found.push({ text: plain, mention: null });
    plain = '';
    found.push({ text: `@${who.name}`, mention: who });
    at += who.name.length + 1;
  }
  if (plain) found.push({ text: plain, mention: null });
  return found;
}

/** Of those who were chosen, the ones whose names still stand in the text. */
export function mentionedIn(body: string, chosen: readonly Named[]): string[] {
  return [...new Set(withMentions(body, chosen).flatMap((words) => (words.mention ? [words.mention.id] : [])))];
}

const kLongestQuery = 30;

/** The beginning of a name that is being typed after an @ before the cursor, and where the @ stands. */
export function mentionAt(text: string, cursor: number): { at: number; query: string } | null {
  const at = text.lastIndexOf('@', cursor - 1);
  if (at < 0 || cursor - at > kLongestQuery) return null;
  const query = text.slice(at + 1, cursor);
  const apart = at === 0 || /[\s(]/.test(text[at - 1] as string);
  return apart && !/[\n@]/.test(query) && !/^\s/.test(query) ? { at, query } : null;
}

/** Who fits what was typed, best first: names that begin so, then names with a word that does. */
export function fitting(people: readonly Named[], query: string): Named[] {
  const words = query.toLocaleLowerCase();
  const rank = ({ name }: Named): number => {
    const lower = name.toLocaleLowerCase();
    if (lower.startsWith(words)) return 0;
    return lower.split(/\s+/).some((word) => word.startsWith(words)) ? 1 : 2;
  };
  return people.filter((one) => rank(one) < 2).sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}
