import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { kKnownActions, kWholeRecord, lockInWords, nameOf, queryOf, sentenceOf, usersOf, type AuditEvent } from './audit';

const ada = 'usr_01h455vb4pex5vsknk084sn02q';
const ben = 'usr_01h455vb4pex5vsknk084sn02r';
const doc = 'doc_01h455vb4pex5vsknk084sn02q';
const names = new Map([[ada, 'Ada'], [ben, 'Ben']]);
const event = (action: string, more: Partial<AuditEvent> = {}): AuditEvent => ({
  time: '', action, outcome: 'done', actor: ada, target: '', address: '', session: '', request_id: '', detail: {}, seq: 1, previous: '', ...more,
});
const words = (one: AuditEvent) => sentenceOf(one).map((piece) => ('id' in piece ? nameOf(piece.id, names) : piece.text)).join('');

describe('the audit record in words', () => {
  it.each<[AuditEvent, string]>([
    [event('session.opened', { target: ada }), 'Ada signed in'],
    [event('session.opened', { actor: '', target: ben, outcome: 'refused' }), 'somebody failed to sign in as Ben'],
    [event('session.opened', { actor: '', outcome: 'refused' }), 'somebody failed to sign in as something unknown'],
    [event('account.role_changed', { target: ben, detail: { role: 'admin' } }), 'Ada made Ben admin'],
    [event('access.granted', { target: doc, detail: { to: ben, level: 'write' } }), 'Ada let Ben write a document'],
    [event('access.granted', { target: doc, detail: { to: 'everybody', level: 'read' } }), 'Ada let everybody read a document'],
    [event('threat.mass_download', { target: '' }), 'Ada read very many documents'],
    [event('something.new_here', { target: ben }), 'Ada: something: new here Ben'],
    [event('group.joined', { detail: { user: 'usr_00000000000000000000000000' } }), 'Ada took a former account into a group'],
  ])('%#', (one, expected) => expect(words(one)).toBe(expected));

  it('knows every action that docs/audit.md lists', () => {
    const text = readFileSync(fileURLToPath(new URL('../../../docs/audit.md', import.meta.url)), 'utf8');
    const table = text.slice(text.indexOf('## Actions'), text.indexOf('## What is promised'));
    const listed = table.split('\n').filter((line) => line.startsWith('| `')).flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([a-z_]+\.[a-z_]+)`/g)].map((found) => found[1]));
    expect(listed.length).toBeGreaterThan(40);
    expect(listed.filter((action) => !kKnownActions.includes(action as string))).toEqual([]);
  });

  it('asks for the names of users, each once', () => {
    expect(usersOf([event('x', { target: doc }), event('x', { detail: { to: ben, level: 'usr_' } })])).toEqual([ada, ben]);
  });

  it('is asked for by what is filled in', () => {
    expect(queryOf(kWholeRecord, null)).toBe('');
    expect(queryOf({ ...kWholeRecord, action: 'session.opened', outcome: 'refused', actor: ' ' }, 7)).toBe('action=session.opened&outcome=refused&before=7');
    const query = new URLSearchParams(queryOf({ ...kWholeRecord, from: '2026-11-20', to: '2026-11-20' }, null));
    expect(Date.parse(query.get('until') as string) - Date.parse(query.get('since') as string)).toBe(86_400_000);
    expect(queryOf({ ...kWholeRecord, from: 'no day' }, null)).toBe('');
  });

  it('says what a lock is for', () => {
    expect(lockInWords({ id: '', kind: 'reading', subject: ada, threat: 'mass_download', since: '', until: '' })).toBe('may not read documents: read very many documents');
  });
});
