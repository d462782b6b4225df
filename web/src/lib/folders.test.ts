import { describe, expect, it } from 'vitest';
import { foldersIn, mayHold, pathTo, type Folder } from './folders';

const folder = (id: string, within: string | null, access_level: Folder['access_level'] = 'owner'): Folder =>
  ({ id, name: id, owner: 'usr_1', owner_name: '', folder: within, access_level, created_at: '' });
const all = [folder('fld_a', null), folder('fld_b', 'fld_a'), folder('fld_c', 'fld_b', 'read'), folder('fld_x', 'fld_hidden', 'write')];
const ids = (folders: Folder[]) => folders.map((one) => one.id).join(' ');

describe('folders', () => {
  it('have a path', () => {
    expect(ids(pathTo(all, 'fld_c'))).toBe('fld_a fld_b fld_c');
    expect(ids(pathTo(all, 'fld_x'))).toBe('fld_x');
    expect(pathTo(all, 'fld_gone')).toEqual([]);
    expect(pathTo([folder('fld_1', 'fld_2'), folder('fld_2', 'fld_1')], 'fld_1').length).toBe(32);
  });

  it('lie in each other; what lies in one that is not seen stands at the top', () => {
    expect(ids(foldersIn(all, null))).toBe('fld_a fld_x');
    expect(ids(foldersIn(all, 'fld_a'))).toBe('fld_b');
    expect(foldersIn(all, 'fld_c')).toEqual([]);
  });

  it('hold what may be put into them', () => {
    const where = (thing: { id: string; folder: string | null }) => ids(all.filter((target) => mayHold(all, target, thing)));
    expect(where({ id: 'doc_1', folder: null })).toBe('fld_a fld_b fld_x');
    expect(where({ id: 'doc_1', folder: 'fld_a' })).toBe('fld_b fld_x');
    expect(where(all[0] as Folder)).toBe('fld_x');
    expect(where(all[1] as Folder)).toBe('fld_x');
    expect(where(all[2] as Folder)).toBe('fld_a fld_x');
  });
});
