// Who asks: nobody, accounts of every role, and agents. Requests that fit end sessions, change passwords and roles and
// deactivate accounts, so callers are set right again before they are used up.
import assert from 'node:assert/strict'

export class Callers {
  static async make(hub) {
    const callers = new Callers()
    callers.hub = hub
    for (const name of ['owner', 'admin', 'member', 'other', 'guest']) callers[name] = await hub.register(name)
    await callers.must('PATCH', `/users/${callers.admin.id}`, { role: 'admin' })
    await callers.must('PATCH', `/users/${callers.guest.id}`, { role: 'guest' })
    for (const [name, permission] of [['reader', 'read'], ['writer', 'write']]) await callers.makeAgent(name, permission)
    callers.names = ['nobody', 'owner', 'admin', 'member', 'other', 'guest', 'reader', 'writer', 'forger']
    return callers
  }

  async makeAgent(name, permission) {
    const { token } = await this.hub.makeAgent(this.member, [{ thing: '*', permission }])
    this[name] = { token, permission }
  }

  async must(method, path, body) {
    let answer = await this.hub.request(method, path, { token: this.owner.token, body })
    if (answer.status === 401) {
      this.owner = await this.hub.logIn(this.owner)
      answer = await this.hub.request(method, path, { token: this.owner.token, body })
    }
    assert.ok(answer.status < 300 || answer.status === 404, `${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`)
    return answer
  }

  token(name) {
    if (name === 'nobody') return undefined
    return name === 'forger' ? `${this.member.token.slice(0, -6)}AAAAAA` : this[name].token
  }

  /** Sets right whoever is refused: makes the account anew where it is gone. */
  async mend(name) {
    if (['nobody', 'forger'].includes(name)) return
    const works = async () => (await this.hub.request('GET', '/documents', { token: this[name].token })).status === 200
    if (this[name].permission) {
      if (await works()) return
      await this.mend('member')
      await this.removeAgents()
      return this.makeAgent(name, this[name].permission)
    }
    const role = { admin: 'admin', guest: 'guest' }[name] ?? 'member'
    if (name !== 'owner') {
      await this.must('POST', `/users/${this[name].id}/reactivate`)
      await this.must('PATCH', `/users/${this[name].id}`, { role })
    }
    if (await works()) return
    try {
      this[name] = await this.hub.logIn(this[name])
    } catch (refused) {
      if (name === 'owner') throw refused
      this.made = (this.made ?? 0) + 1
      this[name] = await this.hub.register(`${name}${this.made}`)
      if (role !== 'member') await this.must('PATCH', `/users/${this[name].id}`, { role })
    }
  }

  /** An account has a limit of agents. */
  async removeAgents() {
    const { body } = await this.hub.request('GET', '/agents', { token: this.member.token })
    for (const { id } of body.agents ?? []) await this.hub.request('DELETE', `/agents/${id}`, { token: this.member.token })
  }
}
