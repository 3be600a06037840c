import test from 'ava'
import { needsUserNamespaces } from '../needs-user-namespaces.ts'
import { inVm, SHELLS, WITHOUT_PERL } from './shell.ts'

needsUserNamespaces()

/** Replaces fping in the first directory of `netns_test`'s PATH, and creates two PODs. */
const fpingIs = (script: string) => `
  mount -t tmpfs sbin /usr/local/sbin
  printf '%s\\n' '#!/bin/sh' '${script}' >/usr/local/sbin/fping
  chmod +x /usr/local/sbin/fping
  netns_test create 2 || exit 9`
const PING = 'printf "vm-003-ns01 10.9.0.1\\n!vm-003-ns02 10.9.0.2\\n" | netns_test matrix'

for (const shell of SHELLS) {
  const name = shell.join(' ')

  test(`${name}: prints answers and silent addresses from fping's output`, t => {
    const { status, stdout, stderr } = inVm(shell, `${fpingIs('echo "10.9.0.1 (0.5 ms)"; exit 1')}\n${PING}`)
    t.is(status, 0, stderr)
    t.is(stdout, 'vm-003-ns01 ! 1\nvm-003-ns02 10.9.0.1 1 1 0.5 0.5 0.5\n')
  })

  test(`${name}: counts a forbidden address once for each POD, except for its owner`, t => {
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

  test(`${name}: pings an address once that is expected for one POD and forbidden for another, and counts both`, t => {
    const both = `printf 'vm-003-ns01 10.9.0.1\\n!vm-003-ns02 10.9.0.1 10.9.0.2\\n' | netns_test matrix`
    const { stdout, stderr } = inVm(shell, `${fpingIs('echo "10.9.0.1 (0.5 ms)"; exit 1')}\n${both}`)
    t.is(stderr, '')
    t.deepEqual(stdout.trim().split('\n').sort(), [
      'vm-003-ns01 ! 1',
      'vm-003-ns01 10.9.0.1 1 1 0.5 0.5 0.5',
      'vm-003-ns02 10.9.0.1 1 1 0.5 0.5 0.5',
    ])
  })

  test(`${name}: pauses for --interval between packets, and longer after losses`, t => {
    const script = fpingIs('echo "$*" | sed "s/.* -i \\([0-9]*\\) .*/\\1/" >>/tmp/pauses; exit 1')
    const run = (words: string) =>
      inVm(
        shell,
        `${script}\necho "vm-004-ns01 10.9.0.1" | netns_test matrix --within=3${words} >/dev/null; cat /tmp/pauses`,
      )
    t.regex(run('').stdout, /^1\n1\n2\n2\n4\n/)
    t.regex(run(' --interval=0').stdout, /^0\n0\n1\n1\n2\n/)
    t.regex(run(' --interval=x').stderr, /^netns_test: matrix: invalid number of milliseconds 'x'/m)
  })

  test(`${name}: with --flush, removes the PODs' learned neighbor entries, and no others`, t => {
    const entries = (words: string, prologue: string) => `
      ${prologue}
      ${fpingIs('echo "10.9.0.1 (0.5 ms)"')}
      in_pod() { nsenter --net=/var/run/netns/vm-003-ns01 ip "$@"; }
      in_pod link add e1 type veth peer name e2
      in_pod link set e1 up
      in_pod neighbour add 10.9.0.7 lladdr 02:00:00:00:00:07 dev e1 nud stale
      in_pod neighbour add fd00::7 lladdr 02:00:00:00:00:07 dev e1 nud stale
      in_pod neighbour add 10.9.0.8 lladdr 02:00:00:00:00:08 dev e1 nud permanent
      echo "vm-004-ns01 10.9.0.1" | netns_test matrix${words} >/dev/null || exit 9
      in_pod neighbour show | sort`
    const shown = (words: string, prologue = ':') => {
      const { stdout, stderr } = inVm(shell, entries(words, prologue))
      t.is(stderr, '')
      return stdout.split('\n').flatMap(line => line.split(' ')[0] || [])
    }
    t.deepEqual(shown(''), ['10.9.0.7', '10.9.0.8', 'fd00::7'])
    t.deepEqual(shown(' --flush'), ['10.9.0.8'])
    t.deepEqual(shown(' --flush', WITHOUT_PERL), ['10.9.0.8'])
  })

  test(`${name}: a failure of fping does not count as silence`, t => {
    const script = fpingIs('echo "fping: no socket" >&2; exit 4')
    const { status, stdout, stderr } = inVm(shell, `${script}\n${PING}`)
    t.is(status, 1)
    t.is(stdout, '')
    t.regex(stderr, /^netns_test: matrix: fping in vm-003-ns0[12] exited with status 4: fping: no socket$/m)
  })

  test(`${name}: a POD that cannot be entered does not count as silent`, t => {
    const script = `${fpingIs('exit 1')}\numount /var/run/netns/vm-003-ns02`
    const { status, stdout, stderr } = inVm(shell, `${script}\n${PING} || { ls /tmp; exit 7; }`)
    t.is(status, 7)
    t.is(stdout, '')
    t.regex(stderr, /^netns_test: matrix: fping in vm-003-ns02 exited with status 1: nsenter: /m)
  })

  test(`${name}: silence counts only with answered controls, which are repeated before they are reported`, t => {
    const targets = ['!vm-004-ns01 10.9.1.1 10.9.1.2', '=vm-003-ns01 10.9.0.1 fd00::1', '=vm-003-ns02 10.9.0.2']
    const run = (script: string, words = '') => {
      const input = `printf '%s\\n' '${targets.join("' '")}' | netns_test matrix${words}`
      const { stdout, stderr } = inVm(shell, `${fpingIs(script)}\n${input}; echo; cat /tmp/calls | wc -l`)
      t.is(stderr, '')
      const [lines = '', calls = ''] = stdout.split('\n\n')
      return [...lines.split('\n').sort(), Number(calls)]
    }
    const call = 'echo >>/tmp/calls;'
    const ns01 = 'printf "10.9.0.1 (0.1 ms)\\nfd00::1 (0.1 ms)\\n";'
    const ns02 = 'echo "10.9.0.2 (0.1 ms)";'
    const [silent1, silent2] = ['vm-003-ns01 ! 2', 'vm-003-ns02 ! 2']
    t.deepEqual(run(`${call} ${ns01} ${ns02} exit 1`), [silent1, silent2, 2])
    // The first attempts get no answers, as on a node without a CPU for a while.
    t.deepEqual(run(`${call} [ $(cat /tmp/calls | wc -l) -le 2 ] || { ${ns01} ${ns02} }; exit 1`), [
      silent1,
      silent2,
      4,
    ])
    t.deepEqual(run(`${call} ${ns01} exit 1`), [silent1, silent2, 'vm-003-ns02 ? 10.9.0.2', 4])
    t.deepEqual(run(`${call} ${ns02} echo "10.9.0.1 (0.1 ms)"; exit 1`), [silent1, 'vm-003-ns01 ? fd00::1', silent2, 4])
    t.deepEqual(run(`${call} exit 0`), [
      silent1,
      'vm-003-ns01 ? 10.9.0.1',
      'vm-003-ns01 ? fd00::1',
      silent2,
      'vm-003-ns02 ? 10.9.0.2',
      6,
    ])
  })

  test(`${name}: --pairs pings controls too, and only from their owner`, t => {
    const targets = ['!vm-003-ns01 10.9.1.1', '=vm-003-ns01 10.9.0.1', '=vm-003-ns02 10.9.0.2']
    const script = fpingIs(
      'tr "\\n" " " <"$(echo "$*" | sed "s/.*-f //")" >>/tmp/asked; echo "10.9.0.1 (0.1 ms)"; exit 1',
    )
    const input = `printf '%s\\n' '${targets.join("' '")}' | netns_test matrix --pairs`
    const { stdout, stderr } = inVm(shell, `${script}\n${input}; sort /tmp/asked`)
    t.is(stderr, '')
    t.regex(stdout, /^vm-003-ns01 ! 1$/m)
    t.regex(stdout, /10\.9\.1\.1 10\.9\.0\.1 /)
  })

  test(`${name}: sends large packets at the end, and prints answers and losses`, t => {
    const targets = ['vm-003-ns02 10.9.0.2', '+vm-003-ns01 1452 10.9.0.2 fd00::2', '+vm-009-ns01 1452 10.9.0.2']
    const script = fpingIs(
      'case " $* " in *" -b 1452 "*) echo "10.9.0.2 (0.9 ms)"; exit 1 ;; *" -b "*) exit 4 ;; esac; echo "10.9.0.2 (0.1 ms)"',
    )
    const { stdout, stderr } = inVm(shell, `${script}\nprintf '%s\\n' '${targets.join("' '")}' | netns_test matrix`)
    t.is(stderr, '')
    t.deepEqual(stdout.trim().split('\n').sort(), [
      'vm-003-ns01 + 10.9.0.2 1',
      'vm-003-ns01 + fd00::2 0',
      'vm-003-ns01 10.9.0.2 1 1 0.1 0.1 0.1',
    ])
  })

  test(`${name}: falls back to ping without fping`, t => {
    const targets = ['!vm-004-ns01 10.9.1.1', '=vm-003-ns01 10.9.0.1', '=vm-003-ns02 10.9.0.2']
    const large = ['+vm-003-ns01 1452 10.9.0.1 10.9.1.1']
    const script = `
      : >/run/none
      for fping in /usr/bin/fping /usr/sbin/fping; do [ ! -e $fping ] || mount --bind /run/none $fping || exit 9; done
      netns_test create 2 && netns_test exec vm-003-ns01 ip address add 10.9.0.1/32 dev lo || exit 9
      printf '%s\\n' '${[...targets, ...large].join("' '")}' | netns_test matrix`
    const { stdout, stderr } = inVm(shell, script)
    t.is(stderr, '')
    t.deepEqual(stdout.trim().split('\n').sort(), [
      'vm-003-ns01 ! 1',
      'vm-003-ns01 + 10.9.0.1 1',
      'vm-003-ns01 + 10.9.1.1 0',
      'vm-003-ns02 ! 1',
      'vm-003-ns02 ? 10.9.0.2',
    ])
  })

  test(`${name}: with real packets, reports answers, a missed control, and packets larger than the path MTU`, t => {
    const addresses = (pod: number) => `172.16.3.${pod} 1000::1:ac10:30${pod}`
    const own = [1, 2].map(pod => `vm-003-ns0${pod} ${addresses(pod)}`)
    const input = [
      ...own,
      '!vm-004-ns01 172.16.4.1 1000::1:ac10:401',
      ...own.map(line => `=${line}`),
      `+vm-003-ns01 1452 ${addresses(2)}`,
    ]
    const script = `
      export NPODS=2
      netns_test tcase_create_with_addresses && netns_test tcase_linux_bridge || exit 9
      printf '%s\\n' '${input.join("' '")}' >/tmp/input
      matrix() { netns_test matrix --within=2 </tmp/input | cut -d ' ' -f 1-4 | sort; echo; }
      matrix
      netns_test exec vm-003-ns01 ip link set eth0 mtu 9000 && ip link set vm-003-ns01 mtu 9000 || exit 8
      sed -i 's/ 1452 / 8972 /' /tmp/input
      matrix
      netns_test exec vm-003-ns02 ip link set eth0 down || exit 7
      matrix`
    const { status, stdout, stderr } = inVm(shell, script)
    t.is(status, 0, stderr)
    const [well = '', large = '', down = ''] = stdout.replace(/^ .*\n/gm, '').split('\n\n')
    // On a busy host a later attempt may be the first one answered in time.
    const once = well.replace(/ [2-9] 1$/gm, ' 1 1')
    t.deepEqual(once.split('\n'), [
      'vm-003-ns01 ! 2',
      'vm-003-ns01 + 1000::1:ac10:302 1',
      'vm-003-ns01 + 172.16.3.2 1',
      'vm-003-ns01 1000::1:ac10:302 1 1',
      'vm-003-ns01 172.16.3.2 1 1',
      'vm-003-ns02 ! 2',
      'vm-003-ns02 1000::1:ac10:301 1 1',
      'vm-003-ns02 172.16.3.1 1 1',
    ])
    t.regex(large, /^vm-003-ns01 \+ 172\.16\.3\.2 0$/m)
    t.regex(large, /^vm-003-ns01 172\.16\.3\.2 [12] 1$/m)
    t.regex(down, /^vm-003-ns02 \? 1000::1:ac10:302$/m)
    t.regex(down, /^vm-003-ns01 172\.16\.3\.2 \d+ 0$/m)
  })
}
