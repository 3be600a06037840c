import { execFile } from 'node:child_process'
import path from 'node:path'
import test from 'ava'
import { needsUserNamespaces } from '../needs-user-namespaces.ts'
import { program } from './program.ts'

needsUserNamespaces()

const NETNS = path.resolve(import.meta.dirname, '../../netns.ts')
/** Whatever would download something fails. */
const CLOSED = { http_proxy: 'http://127.0.0.1:9', https_proxy: 'http://127.0.0.1:9', no_proxy: '' }

test('a cached image serves where nothing can be downloaded', async t => {
  const { runWith } = program(t)
  const { status, stderr } = await runWith(CLOSED, 'test', 'bridge', '--nvm=2', '--stop')
  t.is(status, 0, stderr)
  const checked = await runWith(CLOSED, 'setup', '--check')
  t.regex(checked.stderr, /^image: \/.*, kernel /m)
})

// Others would need a user namespace, in which they have no subordinate ids.
const testAsRoot = process.getuid?.() === 0 ? test : test.skip

testAsRoot('a cached image serves in a network namespace without any network', async t => {
  const { state } = program(t)
  const words = ['--net', NETNS, 'test', 'bridge', '--nvm=2']
  // Not program's: its variables are those of this process.
  const env = { ...process.env, CI: 'true', XDG_STATE_HOME: state, XCLUSTER_NETNS_CLUSTER: 'namespaces' }
  const stderr = await new Promise<string>((resolve, reject) =>
    execFile('unshare', words, { env, cwd: state }, (error, _, text) =>
      error ? reject(new Error(text, { cause: error })) : resolve(text),
    ),
  )
  t.regex(stderr, /passed: bridge/)
})
