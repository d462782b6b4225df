import * as Y from 'yjs';
import { isTypeId, makeTypeId } from '../lib/type_id';
import type { Anchor } from './anchors';
import { Change } from './changes';

/**
 * The comments of a document, kept in its own CRDT: the root map "concord:comments", as the hub's page on comments
 * describes it. Whoever may comment can put anything there, so what is read is checked, and what is malformed is left
 * out. Times are milliseconds of their author's clock.
 */
export const kComments = 'concord:comments';

export const kMaxBodyBytes = 4_000;
export const kMaxMentions = 20;
export const kMaxQuote = 300;
/** More than these are not shown: a page must stay usable. */
const kMaxShown = 2_000;
const kMaxReplies = 1_000;

/** Who decided something, and when. */
export interface Decision {
  by: string;
  at: number;
}

export interface Reply {
  id: string;
  /** As the entry says; who truly wrote it, the hub knows. */
  author: string;
  at: number;
  body: string;
  mentions: readonly string[];
  editedAt: number | null;
}

export interface Comment extends Reply {
  /** null: it is of the whole document. */
  anchor: Anchor | null;
  /** The text it was made on, as that was then. */
  quote: string;
  resolved: Decision | null;
  /** In the order of their times. */
  replies: readonly Reply[];
}

export interface NewComment {
  author: string;
  body: string;
  mentions?: readonly string[];
  anchor?: Anchor | null;
  quote?: string;
}

type Entry = Y.Map<unknown>;

const utf8 = new TextEncoder();
export const bytesOf = (text: string): number => utf8.encode(text).length;

export const commentsOf = (doc: Y.Doc): Entry => doc.getMap(kComments);

// --- reading ---------------------------------------------------------------------------------------------------

const kMaxPrincipal = 100;

export const readPrincipal = (value: unknown): string | null => (typeof value === 'string' && value.length > 0 && value.length <= kMaxPrincipal ? value : null);

/** A time that a date can be made of. */
export const readTime = (value: unknown): number | null => (typeof value === 'number' && value >= 0 && value <= 8.64e15 ? value : null);

export function readDecision(value: unknown): Decision | null {
  if (typeof value !== 'object' || value === null) return null;
  const { by, at } = value as Record<string, unknown>;
  const [who, when] = [readPrincipal(by), readTime(at)];
  return who === null || when === null ? null : { by: who, at: when };
}

function readReply(id: string, entry: unknown): Reply | null {
  if (!isTypeId('cmt', id) || !(entry instanceof Y.Map)) return null;
  const [author, at, body, mentions] = [readPrincipal(entry.get('author')), readTime(entry.get('at')), entry.get('body'), entry.get('mentions')];
  if (author === null || at === null || typeof body !== 'string' || body === '' || bytesOf(body) > kMaxBodyBytes) return null;
  return {
    id, author, at, body,
    mentions: Array.isArray(mentions) ? mentions.filter((one) => readPrincipal(one) !== null).slice(0, kMaxMentions) : [],
    editedAt: readTime(entry.get('edited_at')),
  };
}

function readReplies(replies: unknown): Reply[] {
  if (!(replies instanceof Y.Map)) return [];
  const found: Reply[] = [];
  for (const [id, entry] of replies.entries()) {
    const reply = readReply(id, entry);
    if (reply) found.push(reply);
    if (found.length >= kMaxReplies) break;
  }
  return found.sort(inTime);
}

function readComment(id: string, entry: unknown): Comment | null {
  const base = readReply(id, entry);
  if (!base) return null;
  const map = entry as Entry;
  const [start, end, quote] = [map.get('start'), map.get('end'), map.get('quote')];
  const anchored = start instanceof Uint8Array && end instanceof Uint8Array;
  return {
    ...base,
    anchor: anchored ? { start, end } : null,
    quote: anchored && typeof quote === 'string' ? quote.slice(0, kMaxQuote) : '',
    resolved: readDecision(map.get('resolved')),
    replies: readReplies(map.get('replies')),
  };
}

/** The order in which things were said; the same on every screen. */
export const inTime = (a: { at: number; id: string }, b: { at: number; id: string }): number => a.at - b.at || (a.id < b.id ? -1 : 1);

/** All comments that are well formed, in the order of their times. */
export function readComments(doc: Y.Doc): Comment[] {
  const found: Comment[] = [];
  for (const [id, entry] of commentsOf(doc).entries()) {
    const comment = readComment(id, entry);
    if (comment) found.push(comment);
    if (found.length >= kMaxShown) break;
  }
  return found.sort(inTime);
}

// --- writing ---------------------------------------------------------------------------------------------------

export const fits = (body: string): boolean => body.trim() !== '' && bytesOf(body.trim()) <= kMaxBodyBytes;

function madeEntry(author: string, body: string, mentions: readonly string[] = [], now: number): Entry {
  if (!fits(body)) throw new RangeError(`a comment has 1 to ${kMaxBodyBytes} bytes`);
  const entry: Entry = new Y.Map();
  entry.set('author', author);
  entry.set('at', now);
  entry.set('body', body.trim());
  if (mentions.length > 0) entry.set('mentions', mentions.slice(0, kMaxMentions));
  return entry;
}

const kOwn = new Change('comment');
const kAnyones = new Change('write');
/** What one does to one's own takes no more than commenting. */
const touching = (entry: Entry, me: string): Change => (entry.get('author') === me ? kOwn : kAnyones);

function entryOf(doc: Y.Doc, comment: string, reply?: string): Entry | null {
  const entry = commentsOf(doc).get(comment);
  if (!(entry instanceof Y.Map)) return null;
  if (reply === undefined) return entry;
  const replies = entry.get('replies');
  const found: unknown = replies instanceof Y.Map ? replies.get(reply) : null;
  return found instanceof Y.Map ? found : null;
}

/** Returns its identifier. Throws a RangeError where the body is empty or too long. */
export function addComment(doc: Y.Doc, made: NewComment, now: number = Date.now()): string {
  const id = makeTypeId('cmt', now);
  const entry = madeEntry(made.author, made.body, made.mentions, now);
  if (made.anchor) {
    entry.set('start', made.anchor.start);
    entry.set('end', made.anchor.end);
    entry.set('quote', (made.quote ?? '').slice(0, kMaxQuote));
  }
  entry.set('replies', new Y.Map());
  doc.transact(() => commentsOf(doc).set(id, entry), kOwn);
  return id;
}

/** Returns its identifier; null where the comment is gone. */
export function addReply(doc: Y.Doc, comment: string, made: Pick<NewComment, 'author' | 'body' | 'mentions'>, now: number = Date.now()): string | null {
  const entry = entryOf(doc, comment);
  if (!entry) return null;
  const id = makeTypeId('cmt', now);
  const reply = madeEntry(made.author, made.body, made.mentions, now);
  const replies = entry.get('replies');
  if (replies instanceof Y.Map) {
    doc.transact(() => replies.set(id, reply), kOwn);
  } else {
    // An entry of another program may lack the map; to make it changes the entry.
    doc.transact(() => entry.set('replies', new Y.Map([[id, reply]])), touching(entry, made.author));
  }
  return id;
}

/** Only its author edits what it says. */
export function editBody(doc: Y.Doc, at: { comment: string; reply?: string | undefined }, body: string, mentions: readonly string[], now: number = Date.now()): boolean {
  const entry = entryOf(doc, at.comment, at.reply);
  if (!entry) return false;
  if (!fits(body)) throw new RangeError(`a comment has 1 to ${kMaxBodyBytes} bytes`);
  doc.transact(() => {
    entry.set('body', body.trim());
    if (mentions.length > 0) entry.set('mentions', mentions.slice(0, kMaxMentions));
    else entry.delete('mentions');
    entry.set('edited_at', now);
  }, kOwn);
  return true;
}

export function resolveComment(doc: Y.Doc, comment: string, by: string, now: number = Date.now()): boolean {
  const entry = entryOf(doc, comment);
  if (!entry) return false;
  doc.transact(() => entry.set('resolved', { by, at: now }), touching(entry, by));
  return true;
}

export function reopenComment(doc: Y.Doc, comment: string, me: string): boolean {
  const entry = entryOf(doc, comment);
  if (!entry) return false;
  doc.transact(() => entry.delete('resolved'), touching(entry, me));
  return true;
}

/** A comment goes with its replies. */
export function removeNote(doc: Y.Doc, at: { comment: string; reply?: string | undefined }, me: string): boolean {
  const entry = entryOf(doc, at.comment, at.reply);
  if (!entry) return false;
  const holder = entry.parent as Entry;
  doc.transact(() => holder.delete(at.reply ?? at.comment), touching(entry, me));
  return true;
}
