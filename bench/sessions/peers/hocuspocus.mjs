// Hocuspocus as its documentation starts it: one process, documents in memory, or with a third argument in that SQLite
// database, too. Sessions authenticate with a token. The one setting that is not the default keeps silent sessions open while
// others are measured.
import { Server } from '@hocuspocus/server'

const [port, token, database] = process.argv.slice(2)
const extensions = []
if (database) {
  const { SQLite } = await import('@hocuspocus/extension-sqlite')
  extensions.push(new SQLite({ database }))
}

await new Server({
  port: Number(port),
  address: '127.0.0.1',
  quiet: true,
  extensions,
  timeout: 600_000,
  async onAuthenticate(request) {
    if (request.token !== token) throw new Error('not this token')
  },
}).listen()
