import * as Y from 'yjs';
import { isTypeId, makeTypeId } from '../lib/type_id';
import { Change } from './changes';
import { bytesOf, inTime, readDecision, readPrincipal, readTime, type Decision } from './comments';
import { sound } from './suggestion_effect';

/**
 * The suggestions to a document, kept in its own CRDT: the root map "concord:suggestions". A suggestion holds a Yjs
 * update of an edit that is not applied yet. The update carries its own identifiers, so two who accept it at once,
 * offline or not, apply it once.
 */
export const kSuggestions = 'concord:suggestions';

export const kMaxMessageBytes = 1_000;
const kMaxShown = 500;

export interface Suggestion {
  id: string;
  /** As the entry says; who truly made it, the hub knows. */
  author: string;
  at: number;
  message: string;
  update: Uint8Array;
  /** Where both are there, two decided at once, and it is accepted. */
  accepted: Decision | null;
  rejected: Decision | null;
}

export const isOpen = (suggestion: Suggestion): boolean => !suggestion.accepted && !suggestion.rejected;

type Entry = Y.Map<unknown>;
export const suggestionsOf = (doc: Y.Doc): Entry => doc.getMap(kSuggestions);

function readSuggestion(id: string, entry: unknown): Suggestion | null {
  if (!isTypeId('sug', id) || !(entry instanceof Y.Map)) return null;
  const [author, at, message, update] = [readPrincipal(entry.get('author')), readTime(entry.get('at')), entry.get('message'), entry.get('update')];
  if (author === null || at === null || !(update instanceof Uint8Array)) return null;
  const words = typeof message === 'string' && bytesOf(message) <= kMaxMessageBytes ? message : '';
  return { id, author, at, message: words, update, accepted: readDecision(entry.get('accepted')), rejected: readDecision(entry.get('rejected')) };
}

/** All suggestions that are well formed, in the order of their times. */
export function readSuggestions(doc: Y.Doc): Suggestion[] {
  const found: Suggestion[] = [];
  for (const [id, entry] of suggestionsOf(doc).entries()) {
    const suggestion = readSuggestion(id, entry);
    if (suggestion) found.push(suggestion);
    if (found.length >= kMaxShown) break;
  }
  return found.sort(inTime);
}

const entryOf = (doc: Y.Doc, id: string): Entry | null => {
  const entry = suggestionsOf(doc).get(id);
  return entry instanceof Y.Map ? entry : null;
};

const kOwn = new Change('suggest');
const kAnyones = new Change('write');

/** `update` as a SuggestionDraft makes it. Returns the suggestion's identifier. */
export function addSuggestion(doc: Y.Doc, made: { author: string; message: string; update: Uint8Array }, now: number = Date.now()): string {
  if (bytesOf(made.message) > kMaxMessageBytes) throw new RangeError(`a message has at most ${kMaxMessageBytes} bytes`);
  const id = makeTypeId('sug', now);
  const entry: Entry = new Y.Map();
  entry.set('author', made.author);
  entry.set('at', now);
  entry.set('message', made.message.trim());
  entry.set('update', made.update);
  doc.transact(() => suggestionsOf(doc).set(id, entry), kOwn);
  return id;
}

/**
 * Applies the edit, then notes the decision. False where it is gone or its edit must not be applied. Two transactions: Yjs
 * takes one in which an update is applied and something written for a sign that another client has the document's id.
 */
export function acceptSuggestion(doc: Y.Doc, id: string, by: string, now: number = Date.now()): boolean {
  const entry = entryOf(doc, id);
  const update: unknown = entry?.get('update');
  if (!entry || !(update instanceof Uint8Array) || !sound(doc, update)) return false;
  Y.applyUpdate(doc, update, kAnyones);
  doc.transact(() => entry.set('accepted', { by, at: now }), kAnyones);
  return true;
}

/** Refuses somebody's suggestion, or withdraws one's own. */
export function rejectSuggestion(doc: Y.Doc, id: string, by: string, now: number = Date.now()): boolean {
  const entry = entryOf(doc, id);
  if (!entry) return false;
  doc.transact(() => entry.set('rejected', { by, at: now }), entry.get('author') === by ? kOwn : kAnyones);
  return true;
}
