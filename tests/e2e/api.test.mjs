// What the OpenAPI document says, asked of a hub by every kind of caller: requests as described, at their edges and against
// it. `./dev fuzz api` does the same for longer, under other seeds (tests/api).

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Explorer } from '../api/explore.mjs'
import { settings } from '../api/settings.mjs'
import { Hub } from './hub.mjs'

// What chance does not bring about: these need a secret, a code, a key, mail, a lock, to be a WebSocket, or one number of few. Of the others so many may be missed.
const kMissed = 12
const unreached = [
  'POST /auth/login', 'POST /auth/refresh', 'POST /auth/password', 'POST /auth/password/reset', 'POST /auth/password/reset-request',
  'POST /auth/email/confirm', 'POST /auth/email/confirm-request', 'GET /documents/{id}/sync', 'DELETE /auth/me', 'POST /links/open',
  'DELETE /locks/{lock}', 'POST /auth/login/second-factor', 'POST /auth/second-factor/totp', 'POST /auth/second-factor/totp/confirm',
  'GET /auth/oauth/{provider}', 'GET /auth/oauth/{provider}/callback', 'POST /auth/login/oauth', 'POST /auth/me/oauth',
  'POST /auth/me/oauth/{provider}', 'DELETE /auth/me/oauth/{provider}',
  'DELETE /auth/second-factor/totp', 'POST /auth/second-factor/recovery-codes',
  'POST /auth/passkeys/options', 'POST /auth/passkeys', 'PATCH /auth/passkeys/{passkey}', 'DELETE /auth/passkeys/{passkey}', 'POST /auth/login/passkey',
  'POST /auth/service-token', 'POST /auth/introspect', 'POST /socket.io/', 'GET /hocuspocus', 'POST /shards/{shard}/split',
]

test('every answer is one that the OpenAPI document describes', { timeout: 600_000 }, async () => {
  const hub = await Hub.start(settings)
  try {
    const explorer = await Explorer.on(hub, { seed: 1 })
    const left = () => explorer.unreached().filter((name) => !unreached.includes(name))
    for (let round = 0; round < 20 && left().length > kMissed; ++round) await explorer.round()
    assert.deepEqual([...explorer.faults.values()], [])
    assert.ok(left().length <= kMissed, `operations that never succeeded: ${left().join(', ')}`)
    assert.equal((await fetch(`${hub.url}/health/ready`)).status, 200)
  } finally {
    await hub.stop()
  }
})
