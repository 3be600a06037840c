import test from 'ava'
import { needsUserNamespaces } from '../needs.ts'
import { inVm, SHELLS } from './shell.ts'

needsUserNamespaces()

/** In the place of fping, where `netns_test` looks first. */
const fpingIs = (script: string) => `
  mount -t tmpfs sbin /usr/local/sbin
  printf '%s\\n' '#!/bin/sh' '${script}' >/usr/local/sbin/fping
  chmod +x /usr/local/sbin/fping
  netns_test create 2 || exit 9`
const PING = 'printf "vm-003-ns01 10.9.0.1\\n!vm-003-ns02 10.9.0.2\\n" | netns_test matrix'

for (const shell of SHELLS) {
  const name = shell.join(' ')

  test(`${name}: what answers and what does not is told, by what fping says`, t => {
    const { status, stdout, stderr } = inVm(shell, `${fpingIs('echo "10.9.0.1 (0.5 ms)"; exit 1')}\n${PING}`)
    t.is(status, 0, stderr)
    t.is(stdout, 'vm-003-ns01 ! 1\nvm-003-ns02 10.9.0.1 1 1 0.5 0.5 0.5\n')
  })

  test(`${name}: what is to be silent counts once for each POD, and not where it is its own`, t => {
    const targets = [
      'vm-003-ns01 10.9.0.1',
      '!vm-003-ns02 10.9.0.2 10.9.0.9',
      '!vm-004-ns01 10.9.1.1 10.9.1.2',
      '!vm-004-ns02 10.9.1.2 10.9.0.9',
    ]
    const answering = fpingIs('printf "10.9.0.1 (0.5 ms)\\n10.9.0.2 (0.6 ms)\\n10.9.1.1 (0.7 ms)\\n"; exit 1')
    const lines = (words: string) => {
      const { stdout, stderr } = inVm(
        shell,
        `${answering}\nprintf '%s\\n' '${targets.join("' '")}' | netns_test matrix${words}`,
      )
      t.is(stderr, '')
      return stdout.trim().split('\n').sort()
    }
    t.deepEqual(lines(''), [
      'vm-003-ns01 ! 2',
      'vm-003-ns01 10.9.0.2 1 1 0.6 0.6 0.6',
      'vm-003-ns01 10.9.1.1 1 1 0.7 0.7 0.7',
      'vm-003-ns02 ! 2',
      'vm-003-ns02 10.9.0.1 1 1 0.5 0.5 0.5',
      'vm-003-ns02 10.9.1.1 1 1 0.7 0.7 0.7',
    ])
    t.deepEqual(lines(' --pairs'), [
      'vm-003-ns01 10.9.0.1 1 1 0.5 0.5 0.5',
      'vm-003-ns02 ! 1',
      'vm-003-ns02 10.9.0.2 1 1 0.6 0.6 0.6',
    ])
  })

  test(`${name}: what is to answer one POD and to be silent for another is pinged once, and counted for both`, t => {
    const both = `printf 'vm-003-ns01 10.9.0.1\\n!vm-003-ns02 10.9.0.1 10.9.0.2\\n' | netns_test matrix`
    const { stdout, stderr } = inVm(shell, `${fpingIs('echo "10.9.0.1 (0.5 ms)"; exit 1')}\n${both}`)
    t.is(stderr, '')
    t.deepEqual(stdout.trim().split('\n').sort(), [
      'vm-003-ns01 ! 1',
      'vm-003-ns01 10.9.0.1 1 1 0.5 0.5 0.5',
      'vm-003-ns02 10.9.0.1 1 1 0.5 0.5 0.5',
    ])
  })

  test(`${name}: pauses between packets are as long as is said, and longer where much is lost`, t => {
    const script = fpingIs('echo "$*" | sed "s/.* -i \\([0-9]*\\) .*/\\1/" >>/tmp/pauses; exit 1')
    const run = (words: string) =>
      inVm(
        shell,
        `${script}\necho "vm-004-ns01 10.9.0.1" | netns_test matrix --within=3${words} >/dev/null; cat /tmp/pauses`,
      )
    t.regex(run('').stdout, /^1\n1\n2\n2\n4\n/)
    t.regex(run(' --interval=0').stdout, /^0\n0\n1\n1\n2\n/)
    t.regex(run(' --interval=x').stderr, /^netns_test: matrix: 'x' is no number of milliseconds/m)
  })

  test(`${name}: an fping that could not ping is no silence`, t => {
    const script = fpingIs('echo "fping: no socket" >&2; exit 4')
    const { status, stdout, stderr } = inVm(shell, `${script}\n${PING}`)
    t.is(status, 1)
    t.is(stdout, '')
    t.regex(stderr, /^netns_test: matrix: fping in vm-003-ns0[12] ends with exit code 4: fping: no socket$/m)
  })

  test(`${name}: a POD that cannot be entered is no silence`, t => {
    const script = `${fpingIs('exit 1')}\numount /var/run/netns/vm-003-ns02`
    const { status, stdout, stderr } = inVm(shell, `${script}\n${PING} || { ls /tmp; exit 7; }`)
    t.is(status, 7)
    t.is(stdout, '')
    t.regex(stderr, /^netns_test: matrix: fping in vm-003-ns02 ends with exit code 1: nsenter: /m)
  })
}
