// A few faults of three nodes and their engines, in an order from a seed (faults.mjs). `./dev test cluster --long` makes many.
//   CONCORD_FAULTS: how many (10)   CONCORD_SEED: the seed   CONCORD_FAULTS_LIKE: only those whose names match
//   CONCORD_LOGS: a folder for what the nodes said
import test from 'node:test'
import { endure } from './faults.mjs'

const count = Number(process.env.CONCORD_FAULTS ?? 10)
const seed = Number(process.env.CONCORD_SEED ?? Date.now() % 1_000_000)

test(`${count} faults of nodes and engines lose nothing and double nothing (CONCORD_SEED=${seed})`, async (t) => {
  const tell = (text) => process.stderr.write(`${text}\n`)
  const { made, acknowledged, counts } = await endure(count, seed, tell, new RegExp(process.env.CONCORD_FAULTS_LIKE ?? '.'))
  t.diagnostic(`${acknowledged} of ${made} operations acknowledged, all there once; ${[...counts].map(([name, times]) => `${name}: ${times}`).join('; ')}`)
})
