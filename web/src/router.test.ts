import { expect, it } from 'vitest';
import { documentPath, folderPath, groupPath, kAuditPath, kGroupsPath, parseRoute } from './router';

it('knows every page by its address', () => {
  expect(parseRoute('/')).toEqual({ page: 'documents' });
  expect(parseRoute('/sign-in')).toEqual({ page: 'sign_in' });
  expect(parseRoute('/register')).toEqual({ page: 'register' });
  for (const page of ['account', 'people', 'forgot', 'reset', 'confirm'] as const) expect(parseRoute(`/${page}`)).toEqual({ page });
  expect(parseRoute(folderPath('fld_01h455vb4pex5vsknk084sn02q'))).toEqual({ page: 'folder', id: 'fld_01h455vb4pex5vsknk084sn02q' });
  expect(parseRoute(kAuditPath)).toEqual({ page: 'audit' });
  expect(parseRoute(kGroupsPath)).toEqual({ page: 'groups', id: null });
  expect(parseRoute(groupPath('grp_01h455vb4pex5vsknk084sn02q'))).toEqual({ page: 'groups', id: 'grp_01h455vb4pex5vsknk084sn02q' });
  expect(parseRoute(documentPath('doc_01h455vb4pex5vsknk084sn02q'))).toEqual({ page: 'document', id: 'doc_01h455vb4pex5vsknk084sn02q' });
});

it.each(['/d/', '/d/usr_1', '/d/doc_1/sync', '/d/doc_%2e%2e', '/documents', '/elsewhere', '/f/', '/f/doc_1', '/people/groups/usr_1', '/people/x'])('%s is nowhere', (path) => {
  expect(parseRoute(path)).toEqual({ page: 'nowhere' });
});
