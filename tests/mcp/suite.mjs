// Runs scenarios of the protocol's conformance suite against a real hub, each in the revisions that it is for, and holds
// every check's outcome against scenarios.mjs.
//
// The suite knows no tokens: a relay on the loopback adds one to each request and passes everything else on as it came.

import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer, request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hub } from '../e2e/hub.mjs'
import { notApplicable, scenarios, untestable } from './scenarios.mjs'

const program = new URL('node_modules/@modelcontextprotocol/conformance/dist/index.js', import.meta.url).pathname

/** Answers {url, close}: what is sent there goes to the hub with a token. */
const relay = (hub, token) =>
  new Promise((resolve) => {
    const server = createServer((incoming, answer) => {
      const options = {
        host: '127.0.0.1', port: hub.port, method: incoming.method, path: incoming.url,
        headers: { ...incoming.headers, authorization: `Bearer ${token}` },
      }
      const outgoing = httpRequest(options, (response) => {
        answer.writeHead(response.statusCode, response.headers)
        response.pipe(answer)
      })
      outgoing.on('error', () => answer.destroy())
      incoming.pipe(outgoing)
    })
    server.listen(0, '127.0.0.1', () => {
      resolve({ url: `http://127.0.0.1:${server.address().port}/mcp`, close: () => server.close() })
    })
  })

const run = (words) =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => { text += part })
    child.once('exit', (code) => resolve({ code, text }))
  })

/** The suite's server scenarios with the dated revisions that each is for. */
const known = async () => {
  const { text } = await run(['list', '--server'])
  const section = text.slice(text.indexOf('Server scenarios')).split('\n\n')[0]
  return [...section.matchAll(/^ +- (\S+) \[([^\]]*)\]/gm)].map(([, name, revisions]) => [name, revisions.split(',')])
}

const checksOf = async (url, scenario, revision) => {
  const folder = await mkdtemp(join(tmpdir(), 'concord-mcp-suite-'))
  try {
    const { text } = await run(['server', '--url', url, '--scenario', scenario, '--spec-version', revision, '-o', folder])
    const [made] = await readdir(folder)
    if (!made) throw new Error(`${scenario} in ${revision} left no result:\n${text}`)
    return JSON.parse(await readFile(join(folder, made, 'checks.json'), 'utf8'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Of one scenario in one revision: what did not come out as it should, one line each; prints what did. */
const judge = (scenario, revision, checks) => {
  const excuses = untestable[scenario] ?? {}
  const failed = checks.filter((check) => check.status === 'FAILURE' || check.status === 'WARNING')
  const excused = failed.filter((check) => excuses[check.id])
  const passed = checks.filter((check) => check.status === 'SUCCESS')
  const faults = failed.filter((check) => !excused.includes(check))
    .map((check) => `${scenario} ${revision}: ${check.id}: ${check.errorMessage}`)
  for (const check of passed)
    if (excuses[check.id]) faults.push(`${scenario} ${revision}: ${check.id} passes, and is listed as what cannot`)
  if (checks.length === 0) faults.push(`${scenario} ${revision}: nothing was checked`)
  const noted = checks.length - passed.length - failed.length
  console.log(`${faults.length ? 'FAIL' : 'pass'}  ${scenario} ${revision}: ${passed.length} checks pass` +
    (noted ? `, ${noted} do not come up` : '') + (excused.length ? `, ${excused.length} want what a hub does not have` : ''))
  return faults
}

const wanted = process.argv.slice(2)
const served = ['2025-06-18', '2025-11-25', '2026-07-28']
const hub = await Hub.start()
const user = await hub.register('Ann')
await hub.createDocument(user, { name: 'Minutes', content: 'one\ntwo\n' })
const through = await relay(hub, user.token)
const faults = []
let ran = 0
let left = 0
try {
  const all = await known()
  if (all.length < 50) faults.push(`the suite lists ${all.length} scenarios`)
  for (const [scenario, revisions] of all) {
    if (wanted.length > 0 && !wanted.includes(scenario)) continue
    if (scenarios.has(scenario)) {
      for (const revision of revisions.filter((one) => served.includes(one))) {
        faults.push(...judge(scenario, revision, await checksOf(through.url, scenario, revision)))
        ran += 1
      }
    } else if (notApplicable[scenario]) {
      left += 1
      if (wanted.length > 0) {
        for (const revision of revisions.filter((one) => served.includes(one))) {
          for (const check of await checksOf(through.url, scenario, revision)) console.log(`${check.status}  ${scenario} ${revision} ${check.id}: ${check.errorMessage ?? ''}`)
        }
      }
    } else {
      faults.push(`${scenario} is in neither list`)
    }
  }
} finally {
  through.close()
  await hub.stop()
}
console.log(`${ran} runs of scenarios that apply; ${left} scenarios do not (docs/mcp.md)`)
for (const fault of faults) console.error(fault)
process.exitCode = faults.length > 0 ? 1 : 0
