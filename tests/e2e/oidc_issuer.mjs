// An OpenID Connect issuer on this machine: the certified oidc-provider with its own login and consent pages.
import { createServer } from 'node:http'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { Provider } from 'oidc-provider'

/** Listens, and knows nobody yet: a hub has to be told of it before it can be told of the hub. */
export class OidcIssuer {
  static async listen() {
    const issuer = new OidcIssuer()
    issuer.server = createServer((request, response) => issuer.handler(request, response))
    await new Promise((resolve) => issuer.server.listen(0, '127.0.0.1', resolve))
    issuer.url = `http://127.0.0.1:${issuer.server.address().port}`
    issuer.client = { client_id: 'concord', client_secret: randomBytes(24).toString('base64url') }
    return issuer
  }

  /** From now on it knows the hub. Whoever signs in as "ada" is ada@example.org. */
  open(redirectUri, algorithm) {
    const make = (type, options) => generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' })
    const provider = new Provider(this.url, {
      clients: [{ ...this.client, redirect_uris: [redirectUri], id_token_signed_response_alg: algorithm }],
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
      findAccount: (_ctx, id) => ({
        accountId: id,
        claims: () => ({ sub: id, email: `${id}@example.org`, email_verified: true, name: id[0].toUpperCase() + id.slice(1) }),
      }),
      pkce: { required: () => true },
      jwks: {
        keys: [
          { ...make('rsa', { modulusLength: 2048 }), use: 'sig', alg: 'RS256', kid: 'rsa' },
          { ...make('ec', { namedCurve: 'P-256' }), use: 'sig', alg: 'ES256', kid: 'ec' },
        ],
      },
      cookies: { keys: [randomBytes(16).toString('hex')] },
    })
    this.handler = provider.callback()
  }

  stop() {
    this.server.close()
    this.server.closeAllConnections()
  }
}
