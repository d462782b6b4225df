// Live peers: half of them in Yjs, half in our engine (crdt_peer), in one world after another, each from a seed of its
// own that follows from the first (world.mjs).
//
//   node live.mjs [--seed N] [--operations N] [--seconds N]      worlds until so much was done
//   node live.mjs --world N [--until TURN] [--trace]             one world again; up to a turn; telling each step
//   --careful    our documents check their invariants after every step
//   --shadows    beside each document of ours there is one in Yjs that is given the same, step by step, and compared to
//                the byte; a world whose encodings differ harmlessly is run again so in any case
//
// CRDT_PEER names the program. Ends with 0 and a line of counts; or with 1, the seed of the world and the first turn
// after which healing shows the difference.
import { setImmediate as turn } from 'node:timers/promises'
import { makeChance } from './chance.mjs'
import { OurProcess } from './ours.mjs'
import { Difference, World } from './world.mjs'

const args = process.argv.slice(2)
const flag = name => args.includes(name)
const option = (name, otherwise) => args.includes(name) ? Number(args[args.indexOf(name) + 1]) : otherwise

const seed = option('--seed', Math.floor(Math.random() * 4294967296))
const operations = option('--operations', Infinity)
const seconds = option('--seconds', operations === Infinity ? 10 : Infinity)
const careful = flag('--careful')
const shadows = flag('--shadows')
const program = process.env.CRDT_PEER
if (!program) throw new Error('CRDT_PEER: where is crdt_peer?')

const total = { worlds: 0, operations: 0, exchanges: 0, heals: 0, normalised: 0, shadowed: 0 }
const begin = process.hrtime.bigint()
const elapsed = () => Number(process.hrtime.bigint() - begin) / 1e9
const told = () => {
  const rate = Math.round(total.operations / elapsed())
  return `${total.operations} operations (${rate}/s), ${total.exchanges} updates exchanged, ${total.heals} heals, ` +
    `${total.worlds} worlds (${total.shadowed} of them step by step), seed ${seed}`
}

/** The difference that a world shows when it heals after `until` turns, or null. Each in a process of its own. */
const differenceOf = (worldSeed, until, options = { careful, shadows }) => {
  const ours = new OurProcess(program)
  try {
    new World(worldSeed, ours, options).run(until)
    return null
  } catch (error) {
    if (!(error instanceof Difference)) throw error
    return error
  } finally {
    ours.close()
  }
}

/** The first turn after which healing shows a difference. */
const shrink = (worldSeed, last, options) => {
  for (let until = 1; until < last; ++until) if (differenceOf(worldSeed, until, options) !== null) return until
  return last
}

const tell = (worldSeed, until, difference, options) => {
  console.log(`A difference in the world ${worldSeed}, healed after turn ${until}:\n${difference.message}`)
  console.log(`Again: node live.mjs --world ${worldSeed} --until ${until}${options.shadows ? ' --shadows' : ''} --trace`)
}

/** Stops if a world shows a difference; says where it begins. */
const demandSame = (worldSeed, last, error, options) => {
  const until = shrink(worldSeed, last, options)
  tell(worldSeed, until, differenceOf(worldSeed, until, options) ?? error, options)
  console.log(`Before it: ${told()}`)
  process.exit(1)
}

if (flag('--world')) {
  const worldSeed = option('--world')
  const until = option('--until', Infinity)
  const options = { careful, shadows, trace: flag('--trace') ? line => console.log(line) : null }
  const difference = differenceOf(worldSeed, until, options)
  if (difference === null) {
    console.log('no difference')
  } else {
    tell(worldSeed, until, difference, options)
    if (difference.cause) console.log(difference.cause.stack)
    process.exit(1)
  }
} else {
  const seeds = makeChance(seed)
  const ours = new OurProcess(program)
  let toldAt = 0
  while (total.operations < operations && elapsed() < seconds) {
    const worldSeed = seeds.seed()
    const world = new World(worldSeed, ours, { careful, shadows })
    try {
      world.run()
    } catch (error) {
      if (!(error instanceof Difference)) throw error
      demandSame(worldSeed, world.turn, error, { careful, shadows })
    }
    if (!world.settled && !shadows) {
      const difference = differenceOf(worldSeed, Infinity, { shadows: true })
      if (difference) demandSame(worldSeed, world.turn, difference, { shadows: true })
    }
    await turn() // in which processes that have ended are waited for
    ++total.worlds
    if (!world.settled || shadows) ++total.shadowed
    for (const [name, count] of Object.entries(world.counts)) total[name] += count
    if (elapsed() - toldAt > 60) {
      toldAt = elapsed()
      console.error(told())
    }
  }
  ours.close()
  console.log(`${told()}: all the same`)
}
