import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { program } from './program.ts'

const failures = (log: string) => [...new Set([...log.matchAll(/ \| FAILED: (.*)/g)].map(([, text]) => text))].sort()

test.serial('reports PODs, links and addresses by name that disappear between the last step and the proof', async t => {
  const { state, runWith } = program(t)
  const ovl = path.join(state, 'thief')
  fs.mkdirSync(path.join(ovl, 'usr/local/sbin'), { recursive: true })
  // When the ping step calls it with -q, it removes two PODs, a link and an address in vm-002.
  const thief = `#!/bin/sh
case " $* " in
*' -q '*)
  /usr/bin/fping "$@"
  code=$?
  if [ "$(cat /proc/sys/kernel/hostname)" = vm-002 ]; then
    for pod in vm-002-ns01 vm-002-ns02; do
      umount /var/run/netns/$pod /var/run/utsns/$pod
      rm /var/run/netns/$pod /var/run/utsns/$pod
    done
    nsenter --net=/var/run/netns/vm-002-ns03 ip link set eth0 down
    nsenter --net=/var/run/netns/vm-002-ns04 ip -6 address flush dev eth0
  fi >/dev/null 2>&1
  exit $code
  ;;
esac
exec /usr/bin/fping "$@"
`
  fs.writeFileSync(path.join(ovl, 'usr/local/sbin/fping'), thief, { mode: 0o755 })
  fs.writeFileSync(path.join(ovl, 'tar'), '#!/bin/sh\nexec tar cf "$1" -C "$(dirname "$0")" usr\n', { mode: 0o755 })
  const { status, stdout, stderr } = await runWith(
    { CI: 'true' },
    'test',
    'bridge',
    '--nvm=2',
    './thief',
    '--timeout=60',
  )
  t.is(status, 1, stderr)
  const found = failures(stdout)
  for (const text of [
    'vm-002: 2 of 4 PODs are gone: vm-002-ns01, vm-002-ns02',
    'vm-002-ns03: eth0 is down',
    'vm-002: 1 of 4 PODs lost their IPv6 address: vm-002-ns04',
  ])
    t.true(found.includes(text), `${text}\n${found.join('\n')}`)
  t.regex(stderr, /FAILED: bridge: matrix on vm-002: vm-002: 2 of 4 PODs are gone/)
  t.notRegex(stderr, /matrix on vm-001/)
})

test.serial('refuses a single POD, which would prove nothing, before a node starts', async t => {
  const { runWith } = program(t)
  const { status, stderr } = await runWith({ xcluster_NPODS: '1' }, 'test', 'bridge', '--nvm=1')
  t.is(status, 2)
  t.regex(stderr, /bridge would prove nothing: with one POD there is no pair to ping/)
  t.notRegex(stderr, /cluster:/)
})
