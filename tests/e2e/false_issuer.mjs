// An issuer of ID tokens that does what a test tells it, right or wrong. It has no pages: whoever is sent to it is sent
// back by the test.
import { createServer } from 'node:http'
import { createHash, createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto'

const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const sha256 = (text) => createHash('sha256').update(text).digest('base64url')

export class FalseIssuer {
  static async listen() {
    const issuer = new FalseIssuer()
    issuer.key = generateKeyPairSync('rsa', { modulusLength: 2048 })
    issuer.codes = new Map() // code: what it stands for
    issuer.asked = [] // paths
    issuer.metadata = {}
    issuer.twist = (token) => token
    issuer.server = createServer((request, response) => issuer.answer(request, response))
    await new Promise((resolve) => issuer.server.listen(0, '127.0.0.1', resolve))
    issuer.url = `http://127.0.0.1:${issuer.server.address().port}`
    issuer.client = { client_id: 'hub-at-false', client_secret: randomBytes(24).toString('base64url') }
    return issuer
  }

  /** A code for who was sent here with this address, as the person `claims` names. */
  authorize(location, claims) {
    const asked = new URL(location).searchParams
    const code = randomBytes(16).toString('base64url')
    this.codes.set(code, { nonce: asked.get('nonce'), challenge: asked.get('code_challenge'), redirect: asked.get('redirect_uri'), claims })
    return { code, state: asked.get('state') }
  }

  async answer(request, response) {
    const path = new URL(request.url, this.url).pathname
    this.asked.push(path)
    let body = ''
    for await (const chunk of request) body += chunk
    const say = (status, value) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(value))
    }
    if (path === '/.well-known/openid-configuration') return say(200, {
      issuer: this.url, authorization_endpoint: `${this.url}/authorize`, token_endpoint: `${this.url}/token`, jwks_uri: `${this.url}/keys`,
      token_endpoint_auth_methods_supported: ['client_secret_post'], ...this.metadata,
    })
    if (path === '/keys') return say(200, { keys: [{ ...this.key.publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig' }] })
    if (path === '/token') return this.exchange(new URLSearchParams(body), say)
    return say(404, {})
  }

  exchange(form, say) {
    const meant = this.codes.get(form.get('code'))
    this.codes.delete(form.get('code'))
    const right = meant && form.get('client_id') === this.client.client_id && form.get('client_secret') === this.client.client_secret &&
      form.get('redirect_uri') === meant.redirect && sha256(form.get('code_verifier') ?? '') === meant.challenge
    if (!right) return say(400, { error: 'invalid_grant' })
    const now = Math.floor(Date.now() / 1000)
    const access = randomBytes(16).toString('base64url')
    const token = this.twist({
      header: { alg: 'RS256', kid: 'one' }, key: this.key.privateKey,
      claims: { iss: this.url, aud: this.client.client_id, iat: now, exp: now + 300, nonce: meant.nonce, email_verified: true, ...meant.claims },
    })
    say(200, { access_token: access, token_type: 'Bearer', id_token: this.sign(token) })
  }

  sign({ header, claims, key, secret }) {
    const text = `${encode(header)}.${encode(claims)}`
    if (header.alg === 'none') return `${text}.`
    if (header.alg === 'HS256') return `${text}.${createHmac('sha256', secret ?? this.client.client_secret).update(text).digest('base64url')}`
    return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`
  }

  stop() {
    this.server.close()
    this.server.closeAllConnections()
  }
}
