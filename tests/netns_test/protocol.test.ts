import test from 'ava'
import { assemble } from '../../scripts/proof/matrix.ts'
import { podAddresses } from '../../scripts/proof/network.ts'
import { inputFor, largePacketsFor, roundsOf } from '../../scripts/proof/rounds.ts'
import { checkStatus } from '../../scripts/proof/status-schema.ts'
import { summarize } from '../../scripts/proof/summary.ts'
import { needsUserNamespaces } from '../needs-user-namespaces.ts'
import { inVm, SHELLS } from './shell.ts'

needsUserNamespaces()

/** PODs on a bridge; a namespace called vm-004-ns01 stands for a POD of another node. */
const PREPARE = `netns_test tcase_create_with_addresses >/dev/null 2>&1 && netns_test tcase_linux_bridge >/dev/null 2>&1 || exit 9`

for (const shell of SHELLS)
  test(`${shell.join(' ')}: the node reads the host's matrix targets, and the host reads the node's results`, t => {
    const environment = { NPODS: '3' }
    const answer = inVm(shell, `${PREPARE}\nnetns_test status --json`, environment)
    t.is(answer.status, 0, answer.stderr)
    const here = checkStatus('vm-003', JSON.parse(answer.stdout))
    // The same PODs on another node, with unused addresses, which are silent.
    const renamed = answer.stdout
      .replaceAll('vm-003', 'vm-004')
      .replaceAll('172.16.3.', '172.16.4.')
      .replaceAll('ac10:3', 'ac10:4')
    const network = [here, checkStatus('vm-004', JSON.parse(renamed))]
    t.is(podAddresses(network).length, 12)
    const rounds = roundsOf('node', network)
    const input = rounds.map(round => inputFor(network, 'node', round, 'vm-003')).join('')
    const large = largePacketsFor(network, 'node', rounds, 'vm-003')
    for (const [lines, line] of [
      [input, /^vm-003-ns01 172\.16\.3\.1 /m],
      [input, /^!vm-004-ns01 /m],
      [input, /^=vm-003-ns01 /m],
      [large, /^\+vm-003-ns01 \d+ /m],
    ] as const)
      t.regex(lines, line)
    const measured = inVm(
      shell,
      `${PREPARE}\nnetns_test matrix --within=1 <<'INPUT'\n${input}${large}INPUT`,
      environment,
    )
    t.is(measured.status, 0, measured.stderr)
    const outputs = [
      { node: 'vm-003', text: measured.stdout },
      {
        node: 'vm-004',
        text: measured.stdout
          .replaceAll('vm-003', 'vm-004')
          .replaceAll('172.16.3.', '172.16.4.')
          .replaceAll('ac10:3', 'ac10:4'),
      },
    ]
    const summary = summarize(assemble(network, 'node', [{ rounds, outputs }]))
    t.deepEqual([summary.expected, summary.reached, summary.wrong], [24, 24, []])
    t.throws(
      () => assemble(network, 'node', [{ rounds, outputs: outputs.map(one => ({ ...one, text: `${one.text}x\n` })) }]),
      {
        code: 'BAD_MATRIX',
      },
    )
  })
