import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { complete, cpuSeconds, Report, residentBytes, toTable } from './report.mjs';

test('a row is completed by its ratio', () => {
  assert.deepEqual(complete({ work: 'a', value: 2.5, unit: 'ms', peer: 'other', peer_value: 5 }), {
    work: 'a', value: 2.5, unit: 'ms', peer: 'other', peer_value: 5, ratio: 0.5,
  });
  assert.deepEqual(complete({ work: 'a', value: 3, unit: 'MB' }), {
    work: 'a', value: 3, unit: 'MB', peer: null, peer_value: null, ratio: null,
  });
});

test('the table is the one that C++ benchmarks print', () => {
  const table = toTable([
    { work: 'apply', value: 12345.6, unit: 'ms', peer: 'other', peer_value: 20000 },
    { work: 'idle', value: 0.01234, unit: 'KB' },
  ]);
  assert.equal(table, [
    'work     value  unit  peer   peer value   ratio',
    'apply    12346  ms    other       20000  0.6173',
    'idle   0.01234  KB',
    '',
  ].join('\n'));
});

test('json goes to the file that is named', () => {
  const folder = mkdtempSync(join(tmpdir(), 'concord-bench-'));
  const file = join(folder, 'rows.json');
  const report = new Report(['x', '--json', file, 'y']);
  assert.deepEqual(report.rest, ['x', 'y']);
  report.add({ work: 'a', value: 1, unit: 's' });
  report.add({ work: 'b', value: 2, unit: 's' });
  report.finish();
  const rows = readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(rows.map((row) => [row.work, row.value, row.ratio]), [['a', 1, null], ['b', 2, null]]);
  rmSync(folder, { recursive: true });
  assert.throws(() => new Report(['--json']), /needs a file/);
});

test('a process tells its time and memory', () => {
  const before = cpuSeconds(process.pid);
  const end = Date.now() + 30_000;
  while (cpuSeconds(process.pid) < before + 0.05) assert.ok(Date.now() < end);
  assert.ok(residentBytes(process.pid) > 1 << 20);
});
