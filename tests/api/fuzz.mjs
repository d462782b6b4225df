// Explores a hub's API for a while: fuzz.mjs [--seconds N] [--seed N]. Ends with 1 where an answer broke the document.
import { parseArgs } from 'node:util'
import { Hub } from '../e2e/hub.mjs'
import { Explorer } from './explore.mjs'
import { settings } from './settings.mjs'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' } } })
const first = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const until = Date.now() + Number(values.seconds) * 1000
const kFaultsShown = 100

let requests = 0
let seed = first
const faults = []
for (; Date.now() < until && faults.length < kFaultsShown; ++seed) {
  const hub = await Hub.start(settings)
  const explorer = await Explorer.on(hub, { seed })
  for (let i = 0; i < 5_000 && Date.now() < until && explorer.faults.size < kFaultsShown; ++i, ++requests) await explorer.step()
  faults.push(...explorer.faults.values())
  if (hub.process.exitCode !== null) faults.push(`seed ${seed}: the hub ended:\n${hub.log.slice(-4000)}`)
  await hub.stop()
}
for (const fault of faults.slice(0, kFaultsShown)) console.log(fault)
console.log(`${requests} requests, seeds ${first} to ${seed - 1}, ${faults.length} faults`)
process.exit(faults.length ? 1 : 0)
