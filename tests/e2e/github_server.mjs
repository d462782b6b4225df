// The shape of GitHub, as an Enterprise Server has it on one address: OAuth 2 with a JSON answer for those who ask for
// it, and the API under /api/v3.
import { createServer } from 'node:http'
import { createHash, randomBytes } from 'node:crypto'

export class GitHubServer {
  static async listen() {
    const site = new GitHubServer()
    site.codes = new Map()
    site.tokens = new Map()
    site.server = createServer((request, response) => site.answer(request, response))
    await new Promise((resolve) => site.server.listen(0, '127.0.0.1', resolve))
    site.url = `http://127.0.0.1:${site.server.address().port}`
    site.client = { client_id: 'Iv1.hub', client_secret: randomBytes(20).toString('hex') }
    return site
  }

  /** `user` has what /user answers, and `emails`. */
  authorize(location, user) {
    const asked = new URL(location)
    if (asked.pathname !== '/login/oauth/authorize' || asked.searchParams.get('client_id') !== this.client.client_id) throw new Error(location)
    const code = randomBytes(10).toString('hex')
    this.codes.set(code, { user, challenge: asked.searchParams.get('code_challenge'), scope: asked.searchParams.get('scope') })
    return { code, state: asked.searchParams.get('state') }
  }

  async answer(request, response) {
    let body = ''
    for await (const chunk of request) body += chunk
    const say = (status, value) => {
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
      response.end(JSON.stringify(value))
    }
    if (!request.headers['user-agent']) return say(403, { message: 'Request forbidden by administrative rules.' })
    const path = request.url
    if (path === '/login/oauth/access_token' && request.headers.accept === 'application/json') {
      const form = new URLSearchParams(body)
      const meant = this.codes.get(form.get('code'))
      this.codes.delete(form.get('code'))
      const challenge = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url')
      const right = meant && form.get('client_secret') === this.client.client_secret && challenge === meant.challenge
      if (!right) return say(200, { error: 'bad_verification_code', error_description: 'The code passed is incorrect or expired.' })
      const token = `gho_${randomBytes(18).toString('hex')}`
      this.tokens.set(token, meant)
      return say(200, { access_token: token, token_type: 'bearer', scope: meant.scope.replace(' ', ',') })
    }
    const meant = this.tokens.get((request.headers.authorization ?? '').replace(/^Bearer /, ''))
    if (!meant) return say(401, { message: 'Requires authentication' })
    const { emails, ...user } = meant.user
    if (path === '/api/v3/user') return say(200, user)
    if (path === '/api/v3/user/emails' && meant.scope.includes('user:email')) return say(200, emails)
    return say(404, { message: 'Not Found' })
  }

  stop() {
    this.server.close()
    this.server.closeAllConnections()
  }
}
