// Scanners that others wrote, against a running hub: sslscan, testssl.sh, nmap's scripts and wapiti, as Debian has them. Their
// reports go into a folder; what they find and docs/security/scan.md has not judged fails. A scanner that is not there is named
// as absent.
//   scan.mjs FOLDER [--seconds N]     N: the most that wapiti may take
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { Hub } from '../e2e/hub.mjs'

const run = promisify(execFile)
const { values, positionals } = parseArgs({ options: { seconds: { type: 'string', default: '120' } }, allowPositionals: true })
const [folder] = positionals
if (!folder) throw new Error('scan.mjs FOLDER [--seconds N]')

// What was found and is as it is, each with its reason in docs/security/scan.md.
const judged = [
  /^testssl: (cert_|issuer|chain|DNS_CAA|OCSP|cert|trust|HSTS|banner|security_headers|HTTP_)/i, // of the certificate made for the scan; of pages, which nmap reads too
  /^testssl: (overall_grade|grade_cap_reason|final_score|scanTime|fallback_SCSV|engine_problem)/,
  /^testssl: BREACH/,
  /^nmap: http-vuln-cve2006-3392: VULNERABLE/,
  /^wapiti: Content Security Policy Configuration: .*style-src/,
  /^wapiti: Backup file: \/sign-in/,
  /^wapiti: HTTP Secure Headers: \/  (X-Frame-Options|X-XSS-Protection|Strict-Transport-Security) is not set/,
]

// Of wapiti's attacks those that stay on this machine.
const kAttacks = 'backup,blindsql,cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,methods,permanentxss,redirect,shellshock,sql,timesql,xss'

async function there(program) {
  try {
    await run('which', [program])
    return true
  } catch { return false }
}

/** Runs a program to its end, whatever it ends with; answers what it printed. */
async function output(program, words, seconds) {
  try {
    return (await run(program, words, { maxBuffer: 64 << 20, timeout: seconds * 1000 })).stdout
  } catch (error) {
    if (error.killed) throw new Error(`${program} took longer than ${seconds} s`)
    return error.stdout ?? ''
  }
}

const scanners = {
  /** Which protocols and ciphers TLS offers: 1.3 alone. */
  async sslscan({ tls }) {
    const text = await output('sslscan', ['--no-colour', `127.0.0.1:${tls.port}`], 120)
    const on = [...text.matchAll(/^(SSLv\d|TLSv1\.\d) +enabled/gm)].map(([, name]) => name)
    return [
      ...on.filter((name) => name !== 'TLSv1.3').map((name) => `${name} is offered`),
      ...(on.includes('TLSv1.3') ? [] : ['TLSv1.3 is not offered']),
      ...[...text.matchAll(/^.*(vulnerable to|Compression enabled|Insecure).*$/gm)].map(([line]) => line).filter((line) => !/not vulnerable/.test(line)),
    ]
  },

  async testssl({ tls }) {
    const report = join(folder, 'testssl.json')
    await rm(report, { force: true })
    await output('testssl', ['--quiet', '--color', '0', '--warnings', 'off', '--ip', 'one', '--jsonfile', report, `127.0.0.1:${tls.port}`], 600)
    const found = JSON.parse(await readFile(report, 'utf8'))
    return found.filter(({ severity }) => ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL', 'WARN'].includes(severity)).map(({ id, severity, finding }) => `${id} (${severity}): ${finding}`)
  },

  /** nmap tells; what is a finding is said here. */
  async nmap({ plain }) {
    const scripts = ['http-methods', 'http-trace', 'http-security-headers', 'http-server-header', 'http-cors', 'http-git', 'http-config-backup', 'http-enum', 'http-vuln-*', 'http-phpself-xss', 'http-passwd', 'http-shellshock']
    const forced = scripts.map((name) => `+${name}`) // on any port
    const words = ['-Pn', '-sT', '-p', String(plain.port), '--script', forced.join(','), '-oN', join(folder, 'nmap.txt'), '127.0.0.1']
    const text = await output('nmap', words, 600)
    const need = ['X-Content-Type-Options: nosniff', 'Content-Security-Policy: default-src', 'Cache-Control: no-cache']
    return [
      ...text.split(/^(?=\|[ _]http-)/m).filter((part) => /State: (LIKELY )?VULNERABLE/.test(part)).map((part) => `${part.match(/http-[\w-]+/)[0]}: VULNERABLE`),
      ...[...text.matchAll(/^.*(TRACE is enabled|Potentially risky methods: .*TRACE|\.git\/|Interesting, a).*$/gm)].map(([line]) => line.trim()),
      ...need.filter((name) => !new RegExp(name).test(text)).map((name) => `no ${name}`),
      ...(/open/.test(text) ? [] : ['the hub was not reached']),
    ]
  },

  /** Crawls and attacks with a member's token: the page, and the routes that take something in their address. */
  async wapiti({ plain, user }) {
    const report = join(folder, 'wapiti.json')
    await rm(report, { force: true })
    const document = await plain.createDocument(user, { name: 'Scanned', content: 'one' })
    const starts = ['/documents?limit=2&after=x&folder=y', `/documents/${document.id}?format=text`, `/documents/${document.id}/versions/1/changes?since=0`,
      '/folders?folder=x', '/audit?actor=x&action=y&target=z&limit=3', '/users?after=x', '/sign-in?next=/documents']
    const store = await mkdtemp(join(tmpdir(), 'concord-wapiti-'))
    try {
      await output('wapiti', ['-u', `${plain.url}/`, ...starts.flatMap((path) => ['-s', plain.url + path]), '-m', kAttacks, '-H', `authorization: Bearer ${user.token}`,
        '--store-session', store, '--store-config', store, '--no-bugreport', '--flush-session', '--max-scan-time', values.seconds, '-f', 'json', '-o', report, '-v', '0'],
        Number(values.seconds) * 4 + 120)
    } finally {
      await rm(store, { recursive: true, force: true })
    }
    const { vulnerabilities, anomalies } = JSON.parse(await readFile(report, 'utf8'))
    return Object.entries({ ...vulnerabilities, ...anomalies }).flatMap(([kind, list]) => list.map(({ info, path, parameter }) => `${kind}: ${path} ${parameter ?? ''} ${info}`))
  },
}

await mkdir(folder, { recursive: true })
const keys = await mkdtemp(join(tmpdir(), 'concord-scan-'))
const [key, certificate] = [join(keys, 'key.pem'), join(keys, 'certificate.pem')]
await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost',
  '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', certificate])
const plain = await Hub.start({ SIGN_IN_RATE_PER_MINUTE: '0' })
const tls = await Hub.start({ TLS_CERT_FILE: certificate, TLS_KEY_FILE: key })
let failed = false
try {
  const user = await plain.register('scanner')
  for (const [name, scan] of Object.entries(scanners)) {
    if (!(await there(name))) {
      console.log(`${name}: absent, not run`)
      continue
    }
    const found = (await scan({ plain, tls, user })).map((line) => `${name}: ${line}`)
    const open = found.filter((line) => !judged.some((one) => one.test(line)))
    failed ||= open.length > 0
    console.log(`${name}: ${found.length} findings, ${open.length} of them not judged in docs/security/scan.md`)
    for (const line of open) console.log(`  ${line}`)
  }
  for (const hub of [plain, tls]) if (hub.process.exitCode !== null) throw new Error(`a hub ended:\n${hub.log.slice(-4000)}`)
} finally {
  await plain.stop()
  await tls.stop()
  await rm(keys, { recursive: true, force: true })
}
process.exit(failed ? 1 : 0)
