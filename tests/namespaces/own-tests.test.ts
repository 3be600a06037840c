import fs from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { program, until, writeOvl } from './program.ts'

/** The program, with files in its working directory. */
function withFiles(t: ExecutionContext, files: Readonly<Record<string, string>>) {
  const all = program(t)
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(all.state, name)), { recursive: true })
    fs.writeFileSync(path.join(all.state, name), text)
  }
  return all
}

const POLICY = `import { defineTest, onWorkers } from 'xcluster-netns'

export default defineTest({
  summary: 'two nodes talk',
  cluster: { __nvm: 2 },
  labels: { web: ['*-ns01'] },
  pods: 'numbered',
  parameters: { word: ['one', 'two'] },
  steps: [
    onWorkers('create_with_addresses'),
    { command: 'echo {{word}} from $(hostname)', expect: { stdout: /^one|two from vm-00\\d$/m } },
    { command: ['hostname'], in: { label: 'web' }, expect: { stdout: /^vm-00[12]-ns01$/m } },
    {
      name: 'server',
      command: 'while :; do sleep 0.1; [ -e /tmp/go ] && break; done; cat /etc/mine/conf; sleep 1000',
      files: [{ to: '/etc/mine/conf', from: './conf' }, { to: '/tmp/go', text: 'now' }],
      background: { line: 'of the file' },
      on: 1,
    },
    {
      name: 'policy',
      run: async ({ run, check, pods, nodes, parameters, step, background, put, measure, expectReach, log }) => {
        const all = await pods()
        if (all.length !== 8 || !all[0]?.ipv4[0]?.startsWith('172.16.')) throw new Error(JSON.stringify(all))
        log(\`\${nodes.length} nodes, \${parameters.word}\`)
        await step('both at once', async () => {
          await Promise.all([run('sleep 0.2; echo late', { on: 'vm-001' }), run('echo early', { on: 'vm-002' })])
        })
        await check('passes', ({ log: say }) => say('fine'))
        await check('skipped', ({ skip }) => skip('not here'))
        await check('warns', ({ warn }) => warn('a little'))
        await put([{ to: '/tmp/deep/er', text: 'x', mode: '755' }], { on: 'all' })
        const [result] = await run('stat -c %a /tmp/deep/er; cat; exit 3', {
          on: 'vm-002',
          input: 'of input',
          environment: { A: 'b' },
          expect: { status: [3, 4], stdout: ['755', 'of input'] },
        })
        if (result?.status !== 3) throw new Error('status')
        const later = background('sleep 1; touch /tmp/later', { in: 'vm-001-ns02', file: '/tmp/later', name: 'later' })
        await run('test -e /tmp/later', { on: 'vm-001', expect: { withinSeconds: 30 } })
        await (await later).end()
        const matrix = await measure()
        if (matrix.sources.length !== 8) throw new Error('sources')
        await run('ps -eo args | grep -cx "sleep 1000"', { on: 'vm-001', expect: { stdout: '1' } })
      },
    },
    onWorkers('linux_bridge'),
  ],
  reach: 'node',
  cleanup: [{ command: 'echo cleaned; ps -eo args | grep -x "sleep 1000" || echo nothing left', on: 'all' }],
})
`

test('a test of a user runs commands, files, processes, functions and the proof, with every call in the log', async t => {
  const { state, run } = withFiles(t, { 'own/policy.test.ts': POLICY, 'own/conf': 'of the file\n' })
  const { status, stdout, stderr } = await run('test', './own/policy.test.ts', '--reporter', 'tap=tap')
  t.is(status, 0, stderr)
  t.regex(stderr, /TEST CASE: policy\[word=one\]: two nodes talk/)
  t.regex(stderr, /passed: 2 tests/)
  t.regex(stdout, /vm-002 policy\[word=two\]\/echo \| two from vm-002/)
  t.regex(stdout, /vm-001 policy\[word=one\]\/hostname \| vm-001-ns01: vm-001-ns01/)
  t.regex(stdout, /host policy\[word=one\]\/policy \| 2 nodes, one/)
  t.regex(stdout, /host policy\[word=one\]\/skipped - skipped: not here/)
  t.regex(stdout, /host policy\[word=one\]\/warns - warning: a little/)
  t.is([...stdout.matchAll(/\| nothing left/g)].length, 4)
  t.regex(stderr, /matrix: 48 of 48 pairs answer/)
  t.regex(fs.readFileSync(path.join(state, 'tap'), 'utf8'), / {12}# Subtest: sleep\n/)
})

const FAILING = `import { strict as assert } from 'node:assert'
import { defineTest } from 'xcluster-netns'

export default defineTest({
  summary: 'fails',
  cluster: { __nvm: 1 },
  parameters: { how: ['throw', 'run', 'hang', 'early', 'catch', 'never', 'nowhere', 'later'] },
  steps: [
    {
      name: 'function',
      run: async ({ run, parameters, background, step }) => {
        const { how } = parameters
        if (how === 'throw') assert.equal(1, 2, 'one is not two')
        if (how === 'run') await run('echo bad >&2; exit 3', { on: 'vm-001' })
        if (how === 'hang') await step('inner', () => new Promise(() => {}))
        if (how === 'early') await background('exit 4')
        if (how === 'catch') run('false').catch(() => {})
        if (how === 'never') await background('echo not yet; sleep 100', { line: 'ready' })
        if (how === 'nowhere') await run('true', { in: '*-ns09' })
        if (how === 'later') await run('echo no', { expect: { stdout: 'yes', withinSeconds: 1 } })
      },
    },
  ],
  cleanup: [{ command: 'echo {{how}} cleaned' }],
})
`

test('failures of functions name the place in the file; the clean-up runs', async t => {
  const { run } = withFiles(t, { 'fail.test.ts': FAILING })
  const { status, stdout, stderr } = await run('test', './fail.test.ts', '--stop', '--timeout', '15')
  t.is(status, 1, stderr)
  for (const line of [
    'fail[how=throw]: function on host: one is not two (fail.test.ts:13:',
    'fail[how=run]: echo on vm-001: exited with status 3: bad (fail.test.ts:14:',
    'fail[how=run]: function on host: echo on vm-001: exited with status 3: bad',
    'fail[how=hang]: inner on host: did not end in 15 s',
    'fail[how=hang]: function on host: did not end in 15 s',
    "fail[how=early]: end background on host: vm-001: 'exit' in the background exited with status 4",
    'fail[how=catch]: false on vm-001: exited with status 1 (fail.test.ts:17:',
    'fail[how=never]: start echo on host: did not end in 15 s',
    "fail[how=nowhere]: true on host: no POD matches '*-ns09': the cluster has no PODs (fail.test.ts:19:",
    "fail[how=later]: echo on vm-001: stdout does not contain 'yes': no, for 1 s (fail.test.ts:20:",
  ])
    t.true(stderr.includes(`FAILED: ${line}`), `${line}\n${stderr}`)
  t.is([...stdout.matchAll(/\| \w+ cleaned/g)].length, 8)
  t.regex(stderr, /first failure: fail\[how=throw\]: function on host: one is not two/)
})

test('the clean-up runs after an interruption', async t => {
  const { state, start } = withFiles(t, {
    'long.test.yaml': `summary: long
cluster: { __nvm: 1 }
steps:
  - command: echo begun; sleep 1000
cleanup:
  - command: echo cleaned
`,
  })
  const running = start(['test', './long.test.yaml', '--reporter', 'log=log'])
  const log = path.join(state, 'log')
  await until(running, () => fs.existsSync(log) && fs.readFileSync(log, 'utf8').includes('| begun'))
  running.kill('SIGINT')
  t.is((await running.ended).status, 130)
  t.regex(fs.readFileSync(log, 'utf8'), /vm-001 long\/echo \| cleaned/)
})

test('an ovl brings its tests, which list and run with it', async t => {
  const { state, run } = withFiles(t, {
    'my-ovl/tests/greets.test.yaml': `summary: the ovl greets
cluster: { __nvm: 1 }
steps:
  - command: cat /etc/greeting
    expect: { stdout: of the ovl }
`,
  })
  // A test of another framework.
  fs.writeFileSync(path.join(state, 'my-ovl/tests/other.test.ts'), "throw new Error('of ava')\n")
  writeOvl(state, 'my-ovl', { 'etc/greeting': 'of the ovl\n' })
  const listed = await run('test', '--list', '--verbose')
  t.regex(listed.stdout, /^my-ovl\/greets +the ovl greets$/m, listed.stderr)
  const ran = await run('test', 'my-ovl/greets')
  t.is(ran.status, 0, ran.stderr)
  const all = await run('test', './my-ovl/tests')
  t.is(all.status, 0, all.stderr)
  const wrong = await run('test', 'my-ovl/greet')
  t.is(wrong.status, 2)
  t.regex(wrong.stderr, /no test is named 'my-ovl\/greet' \(did you mean my-ovl\/greets\?/)
})

/** The second rule decides about pairs that the first leaves. */
const RULES = `summary: x
pods: numbered
steps: [create_with_addresses]
reach:
  rules:
    - {to: '*-ns02', expect: reply}
    - {to: vm-001-ns01, expect: silent}
  default: reply
`

test('refuses mistakes before anything starts', async t => {
  const { state, run } = withFiles(t, {
    'bad.test.ts': "export default {\n  sumary: 'x',\n  steps: [],\n}\n",
    'node.test.yaml':
      'summary: x\nsteps:\n  - {command: echo, on: vm-0*, name: a}\n  - {command: echo, on: "router*"}\n',
    'label.test.yaml': 'summary: x\nlabels: {web: [a]}\nsteps:\n  - {command: echo, in: {label: wbe}}\n',
    'pod.test.yaml': 'summary: x\npods: numbered\nsteps:\n  - {command: echo, in: "*-ns09"}\n',
    'twice.test.yaml': '- {summary: x, name: a, steps: []}\n- {summary: y, name: a, steps: []}\n',
    'step.test.yaml': 'summary: x\nsteps:\n  - create\n  - {name: linux_brigde}\n',
    'later.test.yaml': 'summary: x\nsteps: [create]\ncleanup:\n  - conect_everything\n',
    'typo-ovl/tests/typo.test.yaml': 'summary: x\nsteps: [linux_brigde]\n',
    'rule.test.yaml': RULES.replace('vm-001-ns01', 'vm-009-ns01'),
    'hidden.test.yaml': RULES.replace('vm-001-ns01', "'*-ns02'"),
    'no-label.test.yaml': RULES.replace('vm-001-ns01', '{label: web}'),
    'computed.test.mjs': "export default ['a', 'a'].map(name => ({ name, summary: 'x', steps: [] }))\n",
    'empty/none.txt': '',
  })
  writeOvl(state, 'typo-ovl', {})
  for (const [words, expected] of [
    [['./bad.test.ts'], /bad\.test\.ts:2:3: sumary: unknown key \(did you mean summary\?\)/],
    [['./node.test.yaml'], /node\.test\.yaml:4:21: steps\[1\]\.on: no node matches 'router\*' \(nodes are vm-001, /],
    [['./label.test.yaml'], /label\.test\.yaml:4:21: steps\[0\]\.in: no label is named 'wbe' \(labels are web\)/],
    [['./pod.test.yaml'], /pod\.test\.yaml:4:21: steps\[0\]\.in: no POD matches '\*-ns09' \(PODs are vm-001-ns01, /],
    [['./twice.test.yaml'], /two tests are named 'a': twice\.test\.yaml:1:3 and twice\.test\.yaml:2:3/],
    [
      ['./step.test.yaml'],
      /step\.test\.yaml:4:6: steps\[1\]\.name: netns_test has no step 'linux_brigde' \(did you mean linux_bridge\?/,
    ],
    [
      ['./later.test.yaml'],
      /later\.test\.yaml:4:5: cleanup\[0\]\.name: netns_test has no step 'conect_everything' \(steps are .*linux_bridge.*write \{ command: conect_everything \}/,
    ],
    [['typo-ovl/typo'], /typo\.test\.yaml:2:9: steps\[0\]\.name: netns_test has no step 'linux_brigde' \(did you mean/],
    [
      ['./rule.test.yaml'],
      /rule\.test\.yaml:7:7: reach\.rules\[1\]: rule 2 \(all → vm-009-ns01: silent\) matches no address by to: vm-009-ns01/,
    ],
    [
      ['./hidden.test.yaml'],
      /hidden\.test\.yaml:7:7: reach\.rules\[1\]: rule 2 .* decides about no pair: rules before it match all/,
    ],
    [
      ['./no-label.test.yaml'],
      /no-label\.test\.yaml:7:7: reach\.rules\[1\]: rule 2 uses the label 'web', which is not defined/,
    ],
    [['./computed.test.mjs'], /two tests are named 'a': computed\.test\.mjs:1:17 and computed\.test\.mjs:1:22/],
    [['./empty'], /\.\/empty has neither test files .* nor the executable tar of an ovl/],
    [['bridge', '--set', 'size=3'], /--set size: no selected test has this parameter/],
    [['bridge', '--grep', '('], /--grep \(: Invalid regular expression/],
    [['bridge', '--grep', 'nothing at all'], /no selected test matches/],
  ] as const) {
    const { status, stderr } = await run('test', ...words)
    t.is(status, 2, stderr)
    t.regex(stderr, expected)
    t.notRegex(stderr, /cluster:/)
  }
})
