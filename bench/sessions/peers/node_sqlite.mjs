// Gives `better-sqlite3`, whose package has to be compiled, by the SQLite that Node 22 carries; what Hocuspocus's extension
// calls of the two is the same: exec, prepare, get, run with named parameters. Loaded into the peer with --import.
import { registerHooks } from 'node:module'

const source = `import { DatabaseSync } from 'node:sqlite'
export default class Database extends DatabaseSync {}
`
registerHooks({
  resolve: (name, context, next) => (name === 'better-sqlite3'
    ? { url: `data:text/javascript,${encodeURIComponent(source)}`, shortCircuit: true }
    : next(name, context)),
})
