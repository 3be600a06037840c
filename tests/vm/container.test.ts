import { execFile } from 'node:child_process'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { program } from './program.ts'

const NETNS = path.resolve(import.meta.dirname, '../../netns.ts')

/** What containers deny by default: new namespaces, capabilities, set-user-ID programs, and parts of /proc. */
const CONTAINER = [
  'for file in kcore keys timer_list version; do [ ! -e /proc/$file ] || mount --bind /dev/null /proc/$file; done',
  'for limit in /proc/sys/user/max_*_namespaces; do echo 0 >"$limit"; done',
  'exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all "$0" test bridge --nvm=2',
].join('\n')

test('VMs run in a container that denies namespaces, privileges and parts of /proc', async t => {
  const { state } = program(t)
  const words = ['--user', '--map-root-user', '--mount', 'sh', '-ec', CONTAINER, NETNS]
  const cache = process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache')
  const env = { ...process.env, CI: 'true', XDG_STATE_HOME: state, XDG_CACHE_HOME: cache }
  const { error, stderr } = await new Promise<{ error: Error | null; stderr: string }>(resolve =>
    execFile('unshare', words, { env, cwd: state }, (error, _, stderr) => resolve({ error, stderr })),
  )
  t.falsy(error, stderr)
  t.regex(stderr, /passed: bridge/)
})
