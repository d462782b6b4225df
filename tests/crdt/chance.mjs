// Chance (mulberry32), so that a seed says all. The same as Dice in random_operations.h.
export const makeChance = seed => {
  let state = seed >>> 0
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const below = n => Math.floor(random() * n)
  return {
    random,
    below,
    chance: p => random() < p,
    pick: array => array[below(array.length)],
    /** A seed for something of its own. */
    seed: () => Math.floor(random() * 4294967296),
    shuffled: array => array.map(value => [random(), value]).sort((a, b) => a[0] - b[0]).map(pair => pair[1])
  }
}
