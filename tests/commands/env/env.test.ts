import { spawnSync } from 'node:child_process'
import path from 'node:path'
import test from 'ava'
import type { Setting } from '../../../scripts/settings/sources.ts'
import { fakeXcluster } from '../../cluster/xcluster/fake-xcluster.ts'
import { conforms } from '../../schema.ts'

const NETNS = path.resolve(import.meta.dirname, '../../../netns.ts')

function env(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(NETNS, ['env', ...words], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: '/nowhere', ...environment },
  })
  return { status, stdout, stderr }
}

const originsIn = (json: string) =>
  Object.fromEntries((JSON.parse(json) as Setting[]).map(({ name, value, origin }) => [name, [value, origin]]))

test('prints the settings of both cluster kinds, with their origins', t => {
  const { command } = fakeXcluster(t)
  const words = ['--json', '--nvm=2']
  const { stdout } = env(words, { __smp: '2' })
  conforms(t, 'env', JSON.parse(stdout))
  const ours = originsIn(stdout)
  t.like(ours, { __nvm: ['2', 'option'], __smp: ['2', 'environment'], __mem: ['256', 'default'] })
  t.deepEqual(ours.__cluster, ['embedded', 'default'])
  const theirs = originsIn(env([...words, '--k8s-ver=v1'], { XCLUSTER: command }).stdout)
  t.like(theirs, { __nvm: ['2', 'option'], __mem: ['128', 'xcluster'], __k8s_ver: ['v1', 'option'] })
})

test('prefers an option to its variable, and that to the variable of xcluster', t => {
  const variables = {
    XCLUSTER_NETNS_NVM: '3',
    XCLUSTER_NETNS_MEM2: '300',
    XCLUSTER_NETNS_COLD: 'true',
    __nvm: '5',
    __smp: '2',
  }
  const ours = originsIn(env(['--json'], variables).stdout)
  t.like(ours, {
    __nvm: ['3', 'variable'],
    __mem2: ['300', 'variable'],
    __cold: ['yes', 'variable'],
    __smp: ['2', 'environment'],
  })
  t.deepEqual(originsIn(env(['--json', '--nvm=2'], variables).stdout).__nvm, ['2', 'option'])
  const same = ['--json', '--nvm=3', '--cold', '--mem2=300']
  t.like(
    originsIn(env(same, variables).stdout),
    { __nvm: ['3', 'option'], __cold: ['yes', 'option'], __mem2: ['300', 'option'] },
    'which was typed, though the variable says the same',
  )
  t.deepEqual(originsIn(env(['--json'], { ...variables, XCLUSTER_NETNS_NVM: '' }).stdout).__nvm, ['5', 'environment'])
  t.regex(env([], variables).stdout, /^__nvm=3 # XCLUSTER_NETNS_NVM$/m)
})

test('refuses an invalid variable by name', t => {
  for (const [name, value] of Object.entries({
    NVM: 'x',
    MEM3: '1',
    NAME: '/',
    CLUSTER: 'mine',
    COLD: 'maybe',
    SEED: 'x',
    NETS_VM: '1',
  })) {
    const { status, stdout, stderr } = env([], { [`XCLUSTER_NETNS_${name}`]: value })
    t.deepEqual([status, stdout], [2, ''])
    t.true(stderr.startsWith(`netns.ts: XCLUSTER_NETNS_${name}=${value}: must be `), stderr)
  }
})

test('refuses a variable without an option, with a suggestion; accepts one of another command', t => {
  t.like(env([], { XCLUSTER_NETNS_NMV: '2' }), {
    status: 2,
    stdout: '',
    stderr:
      'netns.ts: XCLUSTER_NETNS_NMV is set, but there is no option --nmv (did you mean XCLUSTER_NETNS_NVM? netns.ts test --help lists the options, each of which has a variable)\n',
  })
  t.is(env([], { XCLUSTER_NETNS_BEGIN: 'no' }).status, 2)
  for (const known of ['FORMAT', 'NETS_VM', 'SMP12', 'NO_STOP', 'REACH']) {
    const value = { FORMAT: 'svg', NETS_VM: '0,1', SMP12: '2', NO_STOP: 'yes', REACH: 'L2' }[known] ?? ''
    const { status, stderr } = env([], { [`XCLUSTER_NETNS_${known}`]: value })
    t.deepEqual([known, status, stderr], [known, 0, ''])
  }
  t.is(env([], { XCLUSTER_NETNS_NMV: '' }).status, 0, 'an empty one counts as unset')
})

test('passes a variable to xcluster under its own name only', t => {
  const { command } = fakeXcluster(t)
  const theirs = originsIn(env(['--json'], { XCLUSTER: command, XCLUSTER_NETNS_K8S_VER: 'v1' }).stdout)
  t.deepEqual(theirs.__k8s_ver, ['v1', 'variable'])
})

test('prints shell assignments, and the warnings of xcluster without control characters', t => {
  const { command } = fakeXcluster(
    t,
    `env) printf 'WARNING: \\033[31mred\\007\\n'; echo "XCLUSTER_HOME='/a b'"; echo XCLUSTER_TMP=/t ;;`,
  )
  const { status, stdout, stderr } = env([], { XCLUSTER: command })
  t.deepEqual([status, stderr], [0, 'WARNING: red\n'])
  const { stdout: read } = spawnSync('sh', ['-c', `${stdout}\necho "$XCLUSTER_HOME"`], { encoding: 'utf8' })
  t.is(read, '/a b\n')
})

test('prints the output of a failing xcluster without control characters', t => {
  const { command } = fakeXcluster(t, `env) printf '\\033[31mred\\007\\nmore\\n' >&2; exit 1 ;;`)
  const { status, stdout, stderr } = env([], { XCLUSTER: command })
  t.deepEqual([status, stdout], [3, ''])
  t.regex(stderr, /exited with status 1: red\s+more/)
})
