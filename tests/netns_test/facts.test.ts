import { spawnSync } from 'node:child_process'
import path from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { interfaceNameProblem } from '../../scripts/settings/interface-name.ts'
import {
  EXTERNAL_HOST,
  LINK_KINDS,
  MOST_PODS,
  POD_DEFAULTS,
  POD_DIRECTORIES,
} from '../../scripts/settings/pod-facts.ts'
import { readSettings } from '../../scripts/settings/settings.ts'
import { SHELLS, type Shell, TREE } from './shell.ts'

const LIBRARY = path.join(TREE, 'usr/lib/netns')

/** The output of a script that sources parts of the library. */
function withLibrary([program, ...options]: Shell, parts: readonly string[], script: string, input = ''): string {
  const read = parts.map(part => `. ${LIBRARY}/${part}.sh\n`).join('')
  const text = `need() { :; }\nusage() { echo "refused: $*"; exit 2; }\n${read}${script}`
  const { stdout, stderr } = spawnSync(program, [...options, '-c', text], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH ?? '' },
    input,
  })
  return `${stdout}${stderr}`
}

for (const shell of SHELLS) {
  const name = shell.join(' ')

  test(`${name}: defaults and limits equal the host's`, t => {
    const { NPODS, ADRTEMPLATE, PODIF, PREFIX } = POD_DEFAULTS
    const nodes = readSettings({}, { HOME: '/nowhere' }).cluster.nodes.length
    t.is(
      withLibrary(
        shell,
        ['environment'],
        'load_environment; echo "$NPODS $ADRTEMPLATE $PODIF $PREFIX $__nvm $MOST_PODS"',
      ),
      `${NPODS} ${ADRTEMPLATE} ${PODIF} ${PREFIX} ${nodes} ${MOST_PODS}\n`,
    )
    t.regex(withLibrary(shell, ['environment'], `NPODS=${MOST_PODS + 1}; load_environment`), /^refused: NPODS=255/)
  })

  test(`${name}: directories and numbers equal the host's`, t => {
    t.is(
      withLibrary(shell, ['pods', 'external'], 'echo "$NETNS $UTSNS $EXTERNAL_HOST"'),
      `${POD_DIRECTORIES.net} ${POD_DIRECTORIES.uts} ${EXTERNAL_HOST}\n`,
    )
  })

  test(`${name}: prerequisites knows every kind of interface that a test can need`, t => {
    const refusal = withLibrary(shell, ['prerequisites'], 'probe_kind nothing')
    const [, kinds = ''] = /\(known: (.*)\)/.exec(refusal) ?? []
    t.deepEqual(kinds.split(' ').toSorted(), ['bridge', 'veth', ...LINK_KINDS].toSorted())
  })

  test(`${name}: refuses exactly the interface names that the host refuses`, t => {
    const words = `address addrgenmode alias allmulticast arp brd broadcast carrier dev down dynamic gro_max_size group
      gso_max_segs gso_max_size help index link link-netns link-netnsid lladdr master mode mtu multicast name netns nomaster
      numrxqueues numtxqueues parentdev promisc protodown qlen state trailers txqlen txqueuelen type up vf vrf xdp xdpdrv
      xdpgeneric xdpoffload hostname eth0 default all lo`.split(/\s+/)
    const shortened = words.flatMap(word => Array.from(word, (_, index) => word.slice(0, index + 1)))
    const odd = [
      '.',
      '..',
      '...',
      '-',
      '-n',
      'a b',
      'a/b',
      'a:b',
      'é',
      'eth%d',
      'a*',
      '?',
      '[a]',
      'a'.repeat(15),
      'a'.repeat(16),
    ]
    const any = fc.sample(fc.stringMatching(/^[!-~]{1,17}$/), 200)
    const plain = fc.sample(fc.stringMatching(/^[\w.-]{1,16}$/), 200)
    const names = [...new Set([...shortened, ...odd, ...any, ...plain])]
    const script = 'while IFS= read -r name; do is_interface_name "$name" && printf "%s\\n" "$name"; done; :'
    const taken = withLibrary(shell, ['environment'], script, names.map(one => `${one}\n`).join(''))
    t.deepEqual(
      taken.split('\n').filter(Boolean),
      names.filter(one => interfaceNameProblem(one) === undefined),
    )
    t.is(withLibrary(shell, ['environment'], 'is_interface_name "" || echo no'), 'no\n')
    for (const wrong of ['lo', '-n', 'dev', 'a'.repeat(16)])
      t.regex(withLibrary(shell, ['environment'], `PODIF=${wrong}; load_environment`), /^refused: PODIF=/)
  })
}
