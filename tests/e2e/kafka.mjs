// A real Kafka broker, on loopback and in a directory of its own, where Java and its jars are there (tests/kafka/fetch).
import { spawn } from 'node:child_process'
import { access, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { listens, run } from './engines.mjs'
import { freePort, until } from './hub.mjs'

const jars = process.env.CONCORD_KAFKA_JARS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'concord', 'kafka-3.9.1')
const java = (...rest) => ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', join(jars, '*'), ...rest]

/** Why there is no broker; undefined where there is one to start. */
export async function noKafka() {
  const has = (promise) => promise.then(() => true, () => false)
  if (!(await has(run('java', ['-version'])))) return 'not run: there is no java to run a Kafka broker'
  if (!(await has(access(join(jars, 'kafka_2.13-3.9.1.jar'))))) return 'not run: there is no Kafka broker; tests/kafka/fetch gets one'
}

export class Kafka {
  static async start() {
    const kafka = new Kafka()
    kafka.folder = await mkdtemp(join(tmpdir(), 'concord-kafka-'))
    kafka.port = await freePort()
    const controller = `127.0.0.1:${await freePort()}`
    kafka.properties = join(kafka.folder, 'server.properties')
    await writeFile(kafka.properties, `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@${controller}
listeners=PLAINTEXT://${kafka.brokers},CONTROLLER://${controller}
advertised.listeners=PLAINTEXT://${kafka.brokers}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=${join(kafka.folder, 'data')}
offsets.topic.replication.factor=1
auto.create.topics.enable=false
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=200
`)
    await run('java', java('kafka.tools.StorageTool', 'format', '-t', '5L6g3nShT-eMCtK--X86sw', '-c', kafka.properties))
    await kafka.spawn()
    return kafka
  }

  get brokers() { return `127.0.0.1:${this.port}` }

  async spawn() {
    const output = await open(join(this.folder, 'output'), 'a')
    this.process = spawn('java', java('kafka.Kafka', this.properties), { stdio: ['ignore', output.fd, output.fd] })
    this.exited = new Promise((resolve) => this.process.once('exit', resolve).once('error', resolve))
    await output.close()
    await until('Kafka listens', () => listens(this.port), 120_000)
  }

  async end() {
    if (!this.process || this.process.exitCode !== null || this.process.signalCode !== null) return
    this.process.kill('SIGKILL')
    await this.exited
  }

  pause() { this.process.kill('SIGSTOP') }
  resume() { this.process.kill('SIGCONT') }

  async stop() {
    await this.end()
    await rm(this.folder, { recursive: true, force: true })
  }
}
