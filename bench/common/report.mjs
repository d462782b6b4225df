// What a benchmark tells: a table for people and, with --json FILE, one JSON object a row. The same as report.h.
import { readFileSync, writeFileSync } from 'node:fs';

/** A row has `work`, `value`, `unit`, and where it is compared to another program `peer` and `peer_value`. */
export function complete({ work, value, unit, peer = null, peer_value = null }) {
  return { work, value, unit, peer, peer_value, ratio: peer_value ? value / peer_value : null };
}

/** Four significant digits, or all digits before the point where there are more. */
function number(value) {
  if (value === null) return '';
  const size = Math.abs(value);
  const decimals = size >= 1000 || size === 0 ? 0 : Math.min(9, Math.max(0, 3 - Math.floor(Math.log10(size))));
  return value.toFixed(decimals);
}

export function toTable(rows) {
  const lines = [['work', 'value', 'unit', 'peer', 'peer value', 'ratio']];
  for (const row of rows.map(complete)) {
    lines.push([row.work, number(row.value), row.unit, row.peer ?? '', number(row.peer_value), number(row.ratio)]);
  }
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const isNumber = (column) => column === 1 || column >= 4;
  const pad = (text, column) => (isNumber(column) ? text.padStart(widths[column]) : text.padEnd(widths[column]));
  return lines.map((line) => `${line.map(pad).join('  ').trimEnd()}\n`).join('');
}

export class Report {
  #file = null;
  #rows = [];

  /** Takes `--json FILE` out of the arguments; the others remain in `rest`. */
  constructor(args = process.argv.slice(2)) {
    this.rest = [...args];
    const at = this.rest.indexOf('--json');
    if (at < 0) return;
    if (at + 1 === this.rest.length) throw new Error('--json needs a file');
    this.#file = this.rest.splice(at, 2)[1];
    writeFileSync(this.#file, '');
  }

  add(row) {
    this.#rows.push(complete(row));
  }

  /** Prints the table and writes the file. */
  finish() {
    process.stdout.write(toTable(this.#rows));
    if (this.#file) writeFileSync(this.#file, this.#rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }
}

/** User and system time of all threads of a process so far, in seconds (proc(5), with the usual 100 ticks a second). */
export function cpuSeconds(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Memory of a process that is in RAM now. */
export function residentBytes(pid) {
  const line = readFileSync(`/proc/${pid}/status`, 'latin1').match(/^VmRSS:\s+(\d+) kB$/m);
  return Number(line[1]) * 1024;
}
