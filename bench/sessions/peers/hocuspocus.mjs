// Hocuspocus as its documentation starts it: one process, documents in memory, no extension that stores them. Sessions
// authenticate with a token. The one setting that is not the default keeps silent sessions open while others are measured.
import { Server } from '@hocuspocus/server'

const [port, token] = process.argv.slice(2)

await new Server({
  port: Number(port),
  address: '127.0.0.1',
  quiet: true,
  timeout: 600_000,
  async onAuthenticate(request) {
    if (request.token !== token) throw new Error('not this token')
  },
}).listen()
