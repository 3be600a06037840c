import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { numberedPods, onWorkers, type TestCase } from '../../scripts/cases/test-case.ts'
import { DEFAULT_TREE } from '../../scripts/ovl/default-tree.ts'
import { CONNECTIONS, readOwnTree } from '../../scripts/ovl/own-tree.ts'
import { PAGES_WITH_TESTS, pageWithTests } from '../../scripts/runner/pages.ts'
import { testCases, testTemplates } from '../../scripts/runner/registry.ts'
import { netnsTest, SHELLS } from '../netns_test/shell.ts'
import { failureOf, temporaryDirectory } from '../ovl/fixtures/archives.ts'
import { disagreements, flawsOfFolder, stepsIn } from './folders.ts'

const TOP = path.resolve(import.meta.dirname, '../..')
const steps = stepsIn(path.join(DEFAULT_TREE, 'usr/lib/netns/steps'), CONNECTIONS)

test('definitions and shell files name the same steps', t => {
  t.true(steps.length > 15)
  t.deepEqual(disagreements(testCases, steps), [])
})

test('orders tests that keep their cluster first: the last one of `all` would leave it running', t => {
  const keeps = testCases.map(({ keepsCluster }) => keepsCluster === true)
  t.true(keeps[0])
  t.true(keeps.indexOf(false) > keeps.lastIndexOf(true))
})

test('finds a step that is missing on one side', t => {
  const mine: TestCase = { name: 'mine', file: '', summary: '', needs: {}, steps: [onWorkers('one')] }
  const shell = (name: string, of: string | undefined, text = '') => ({
    name,
    of,
    text: `# shellcheck shell=sh\n# ${name} [count]: does it\n\n${text || `tcase_${name}() {\n`}`,
  })
  t.deepEqual(disagreements([mine], [shell('one', 'mine')]), [])
  t.deepEqual(disagreements([mine], []), ['mine: no shell file defines one'])
  t.deepEqual(disagreements([mine], [shell('one', undefined), shell('two', undefined)]), [
    'shared: steps/two.sh: no definition names it',
  ])
  t.deepEqual(disagreements([mine], [shell('one', 'other')]), [
    'other: steps/one.sh: its own definition does not name it',
  ])
  t.deepEqual(disagreements([mine], [shell('one', 'mine', 'tcase_uno() {\n')]), ['mine: steps/one.sh: defines uno'])
  const onHost: TestCase = { ...mine, steps: [{ name: 'one', title: 'One', runOnNode: async () => {} }] }
  t.deepEqual(disagreements([onHost], []), [])
  t.deepEqual(disagreements([onHost], [shell('one', 'mine'), shell('two', 'mine')]), [
    'mine: steps/two.sh: no definition names it',
  ])
  const other: TestCase = { ...mine, steps: [{ name: 'one', tcase: 'two' }] }
  t.deepEqual(disagreements([other], [shell('two', undefined)]), [])
  t.deepEqual(disagreements([mine], [{ name: 'one', of: 'mine', text: 'tcase_one() {\n' }]), [
    'mine: steps/one.sh: its second line is not "# one [arguments]: <what it does>"',
  ])
})

test('every test has a description with valid links, a picture of its network, and tests', t => {
  t.deepEqual(testTemplates.map(({ name }) => name).toSorted(), fs.readdirSync(CONNECTIONS).toSorted())
  for (const test of testCases) t.deepEqual(flawsOfFolder(CONNECTIONS, test), [])
})

test('reports a folder without description, picture or tests', t => {
  const top = temporaryDirectory(t)
  const folder = path.join(top, 'mine')
  fs.mkdirSync(folder)
  const write = (file: string, text = '') => fs.writeFileSync(path.join(folder, file), text)
  const pods = [numberedPods('workers')]
  const flaws = (more: Partial<TestCase> = {}) => flawsOfFolder(top, { name: 'mine', ...more })
  const untested = 'mine: neither namespaces.test.ts nor vm.test.ts'
  t.deepEqual(flaws(), ['mine: no README.md', untested])
  t.deepEqual(flaws({ sameAs: 'other' }), ['mine: no README.md'])

  write('README.md', '# Mine\n![a picture](picture.svg)\n')
  t.deepEqual(flaws(), ['mine: README.md does not begin with its name', 'mine: no file picture.svg', untested])
  write('README.md', '# `mine`\n')
  t.deepEqual(flaws(), [untested])
  write('vm.test.ts')
  t.deepEqual(flaws(), [])
  t.deepEqual(flaws({ pods }), ['mine: README.md does not show picture.svg'])
  write('picture.svg')
  t.deepEqual(flaws(), ['mine: README.md does not show picture.svg'])
  write('README.md', '# `mine`\n![a picture](picture.svg)\n')
  t.deepEqual(flaws({ pods }), [])
  fs.renameSync(path.join(folder, 'vm.test.ts'), path.join(folder, 'namespaces.test.ts'))
  t.deepEqual(flaws({ pods }), [])
})

for (const page of PAGES_WITH_TESTS)
  test(`the table of tests in ${page} is up to date (npm run docs)`, t => {
    const text = fs.readFileSync(path.join(TOP, page), 'utf8')
    t.is(text, pageWithTests(TOP, page, testCases), 'npm run docs')
    t.not(text, pageWithTests(TOP, page, testCases.slice(1)))
    for (const { name, summary, sameAs } of testCases)
      if (!sameAs) t.true(text.includes(`connections/${name}/README.md) | ${summary} |`), name)
  })

for (const shell of SHELLS)
  test(`${shell.join(' ')}: help describes every step`, t => {
    const { stdout, status } = netnsTest(shell, ['help'])
    t.is(status, 0)
    const words = stdout.replaceAll(/\s+/g, ' ')
    for (const { name, text } of steps) {
      const [, usage = '', what = ''] = /\n# (.*?): (.*)/.exec(text) ?? []
      t.true(words.includes(` ${usage} ${what} `), name)
    }
    t.deepEqual(
      stdout.split('\n').filter(line => line.length > 120),
      [],
    )
  })

for (const shell of SHELLS)
  test(`${shell.join(' ')}: refuses an unknown step as wrong usage`, t => {
    for (const command of ['tcase_nothing', 'tcase_', 'tcase_../log', 'steps/create', 'create_with_addresses']) {
      const { status, stdout, stderr } = netnsTest(shell, [command])
      t.is(status, 2, command)
      t.is(stdout, '')
      t.regex(stderr, /unknown (test case|command)/)
    }
  })

test('packs every step once, and refuses a step that two folders define', async t => {
  const paths = readOwnTree().map(({ path: where }) => where)
  for (const { name } of steps) t.is(paths.filter(where => where === `usr/lib/netns/steps/${name}.sh`).length, 1, name)
  const top = temporaryDirectory(t)
  for (const name of ['a', 'b']) {
    fs.mkdirSync(path.join(top, 'connections', name, 'steps'), { recursive: true })
    fs.writeFileSync(path.join(top, 'connections', name, 'steps/one.sh'), '')
  }
  const tree = path.join(top, 'tree')
  fs.mkdirSync(path.join(tree, 'usr/lib/netns/steps'), { recursive: true })
  const failure = await failureOf(() => readOwnTree(tree, path.join(top, 'connections')))
  t.is(failure.code, 'STEP_TWICE')
  t.true(failure.message.includes('a/steps') && failure.message.includes('b/steps'))
  fs.rmSync(path.join(top, 'connections/b'), { recursive: true })
  t.notThrows(() => readOwnTree(tree, path.join(top, 'connections')))
  fs.writeFileSync(path.join(tree, 'usr/lib/netns/steps/one.sh'), '')
  t.is((await failureOf(() => readOwnTree(tree, path.join(top, 'connections')))).code, 'STEP_TWICE')
})
