// A mail server for tests: takes what it is sent over SMTP, on a port of its own on this machine.
import { createServer } from 'node:net'
import { until } from './hub.mjs'

export class SmtpServer {
  static async start() {
    const server = new SmtpServer()
    server.mails = [] // {to, text}
    server.listener = createServer((socket) => server.talk(socket))
    await new Promise((resolve) => server.listener.listen(0, '127.0.0.1', resolve))
    return server
  }

  get url() { return `smtp://127.0.0.1:${this.listener.address().port}` }

  stop() { this.listener.close() }

  talk(socket) {
    let read = ''
    let data = null
    let to = ''
    const say = (line) => socket.write(`${line}\r\n`)
    const take = (line) => {
      if (data !== null && line !== '.') return data.push(line)
      if (data !== null) {
        this.mails.push({ to, text: Buffer.from(data.slice(data.indexOf('') + 1).join(''), 'base64').toString() })
        data = null
        return say('250 taken')
      }
      if (line.startsWith('RCPT TO:')) to = line.slice(9, -1)
      if (line === 'DATA') { data = []; return say('354 go on') }
      if (line === 'QUIT') { say('221 bye'); return socket.end() }
      return say('250 ok')
    }
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      read += bytes
      for (let end = read.indexOf('\r\n'); end >= 0; end = read.indexOf('\r\n')) {
        const line = read.slice(0, end)
        read = read.slice(end + 2)
        take(line)
      }
    })
    say('220 test')
  }

  /** The secret behind the '#' of the newest link to `page` in a mail to `to`; waits for it. */
  async secret(to, page) {
    const link = new RegExp(`https://\\S+/${page}#(\\S+)`)
    return until(`a mail to ${to} with a link to ${page}`, () =>
      this.mails.filter((mail) => mail.to === to).map((mail) => link.exec(mail.text)?.[1]).filter(Boolean).at(-1))
  }
}
