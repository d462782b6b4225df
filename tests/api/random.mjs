// Chance under a seed: the same seed gives the same choices.

export class Random {
  constructor(seed) { this.state = seed >>> 0 }

  /** In [0, 1): mulberry32. */
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let t = this.state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }

  /** An integer in [low, high], both included. */
  integer(low, high) { return low + Math.floor(this.next() * (high - low + 1)) }
  chance(probability) { return this.next() < probability }
  pick(list) { return list[this.integer(0, list.length - 1)] }
  text(alphabet, length) { return Array.from({ length }, () => this.pick(alphabet)).join('') }
}
