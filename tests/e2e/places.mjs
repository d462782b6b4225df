// Places of a test's own: each a network namespace and a mount namespace, in which programs run as on a machine of their own.
// They hang on one bridge; packets between them are dropped where they are, and their disks are small file systems. A place
// lasts as long as the test: its keeper reads from the test and ends with it, and so does what was started in it. Takes root.
import { execFile, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { promisify } from 'node:util'

const run = promisify(execFile)

// `in` sees packets as they are on the wire, before the kernel finds what connection they are of.
const kChains = `table ip faults {
  chain in { type filter hook prerouting priority -300; }
  chain out { type filter hook output priority 0; }
  chain ended { type filter hook input priority 0; }
}
`

/** What is done to packets that go out to or come in from `address`, and there `port`; undefined: any. */
const rule = (chain, address, port, verdict) => {
  const [side, end] = chain === 'out' ? ['daddr', 'dport'] : ['saddr', 'sport']
  return `add rule ip faults ${chain} ip ${side} ${address} ${port ? `tcp ${end} ${port} ` : ''}${verdict}\n`
}

export class Place {
  constructor(address) { this.address = address }

  async open() {
    this.keeper = spawn('unshare', ['--net', '--mount', 'sh', '-c', 'ip link set lo up && echo open && exec cat >/dev/null'], { stdio: ['pipe', 'pipe', 'pipe'] })
    this.ended = new Promise((resolve) => this.keeper.once('exit', resolve).once('error', resolve))
    let why = ''
    this.keeper.stderr.on('data', (text) => { why += text })
    this.keeper.stdin.on('error', () => {})
    await Promise.race([once(this.keeper.stdout, 'data'), this.ended.then(() => { throw new Error(`no namespace: ${why.trim()}`) })])
    return this
  }

  /** What goes before a command, so that it runs here and no longer than its parent. */
  through({ uid, gid } = {}) {
    const identity = uid === undefined ? [] : [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups']
    return ['nsenter', `--target=${this.keeper.pid}`, '--net', '--mount', '--', 'setpriv', ...identity, '--pdeathsig=KILL', '--']
  }

  run(command, identity) {
    const [program, ...rest] = [...this.through(identity), ...command]
    return run(program, rest)
  }

  /** An empty file system of this size there. */
  mount(folder, megabytes) { return this.run(['mount', '-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'tmpfs', folder]) }

  /** Takes all the space that there is on the file system of `folder`. */
  async fill(folder) {
    await this.run(['sh', '-c', `dd if=/dev/zero of=${folder}/filler bs=64k oflag=append conv=notrunc 2>/dev/null || true; dd if=/dev/zero of=${folder}/filler bs=4k oflag=append conv=notrunc 2>/dev/null || true`])
  }

  empty(folder) { return this.run(['rm', '-f', `${folder}/filler`]) }

  async rules(text) {
    const [program, ...rest] = [...this.through(), 'nft', '-f', '-']
    const nft = run(program, rest)
    nft.child.stdin.end(text)
    await nft
  }

  /** Packets to and from these ends ({address, port}) are lost; `ways`: of out and in; `percent` of them. */
  lose(ends, { ways = ['out', 'in'], percent = 100 } = {}) {
    const verdict = percent === 100 ? 'drop' : `numgen random mod 100 < ${percent} drop`
    return this.rules(ends.flatMap(({ address, port }) => ways.map((way) => rule(way, address, port, verdict))).join(''))
  }

  /** Connections to these ends are ended, at both of them: each packet is answered so. */
  reset(ends) {
    return this.rules(`flush table ip faults\n${ends.flatMap(({ address, port }) => ['out', 'ended'].map((way) => rule(way, address, port, 'tcp flags & rst == 0 reject with tcp reset'))).join('')}`)
  }

  /** What listens at `port` of that address is reached at this place's own loopback address, too. */
  async near(address, port) {
    await this.run(['sh', '-ec', 'for f in all eth0; do echo 1 >/proc/sys/net/ipv4/conf/$f/route_localnet; done'])
    await this.rules(`table ip near {
  chain to { type nat hook output priority -100; ip daddr 127.0.0.1 tcp dport ${port} dnat to ${address}:${port}; }
  chain from { type nat hook postrouting priority 100; ip saddr 127.0.0.1 oifname "eth0" snat to ${this.address}; }
}
`)
  }

  heal() { return this.rules('flush table ip faults\n') }
  link(state) { return this.run(['ip', 'link', 'set', 'eth0', state]) }

  async close() {
    this.keeper?.stdin.end()
    await this.ended
  }
}

/** Places that reach each other; the test reaches all of them. */
export class Network {
  places = []

  /** The network, or why there is none: {why}. */
  static async make() {
    const network = new Network()
    network.prefix = `198.18.${randomInt(256)}` // for tests of networks (RFC 2544)
    network.outside = `ct${randomInt(1e9).toString(36)}`
    try {
      network.hub = await new Place(`${network.prefix}.2`).open()
      network.places.push(network.hub)
      const { hub, prefix, outside } = network
      await hub.run(['sh', '-ec', `ip link add br0 type bridge; ip addr add ${hub.address}/24 dev br0; ip link set br0 up`])
      await run('ip', ['link', 'add', outside, 'type', 'veth', 'peer', 'name', 'test', 'netns', `${hub.keeper.pid}`])
      await run('ip', ['addr', 'add', `${prefix}.1/24`, 'dev', outside])
      await run('ip', ['link', 'set', outside, 'up'])
      await hub.run(['sh', '-ec', 'ip link set test master br0; ip link set test up'])
      const probe = await network.place()
      await probe.near(hub.address, 1)
      await probe.lose([{ address: hub.address, port: 1 }], { percent: 50 })
      return network
    } catch (error) {
      await network.close()
      return { why: String(error.stderr || error.message || error).trim() }
    }
  }

  /** One more place on the bridge. */
  async place() {
    const number = this.places.length
    const place = await new Place(`${this.prefix}.${10 + number}`).open()
    this.places.push(place)
    await this.hub.run(['ip', 'link', 'add', `p${number}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', `${place.keeper.pid}`])
    await this.hub.run(['sh', '-ec', `ip link set p${number} master br0; ip link set p${number} up`])
    await place.run(['sh', '-ec', `ip addr add ${place.address}/24 dev eth0; ip link set eth0 up`])
    await place.rules(kChains)
    return place
  }

  async close() { await Promise.all(this.places.map((place) => place.close())) }
}
