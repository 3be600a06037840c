import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { Command } from 'commander'
import { commandsOf, finishProgram, withExamples } from '../../scripts/command-line/finish.ts'
import { theProgram } from './program.ts'

const program = await theProgram()
const TOP = path.resolve(import.meta.dirname, '../..')
const netns = (...words: string[]) => spawnSync(path.join(TOP, 'netns.ts'), words, { encoding: 'utf8' })

test('prints the version of the package', t => {
  const { version } = JSON.parse(fs.readFileSync(path.join(TOP, 'package.json'), 'utf8'))
  for (const option of ['-V', '--version']) {
    const { status, stdout, stderr } = netns(option)
    t.deepEqual([status, stdout, stderr], [0, `${version}\n`, ''])
  }
})

test('lists every command in a group of the help, without meaningless defaults', t => {
  const { stdout } = netns('--help')
  for (const group of ['Run tests:', 'Prepare:', 'Inspect a running cluster:', 'Other:']) {
    t.true(stdout.includes(`\n${group}\n`), group)
  }
  t.notRegex(stdout, /^Commands:/m)
  t.regex(stdout, /^Examples:\n {2}\.\/netns\.ts setup /m)
  for (const command of commandsOf(program)) t.notRegex(command.helpInformation(), /default: \[\]/)
})

test('aligns examples', t => {
  const command = withExamples(new Command('x'), [
    ['x one', 'first'],
    ['x eleven', 'second'],
  ])
  let shown = ''
  command.configureOutput({ writeOut: text => (shown += text) }).outputHelp()
  t.regex(shown, /\nExamples:\n {2}x one {5}first\n {2}x eleven {2}second\n$/)
})

test('refuses a misspelled word with a suggestion, without its control characters', t => {
  for (const [words, says] of [
    [['tset'], /^netns\.ts: unknown command 'tset'\n\(Did you mean test\?\)\n$/],
    [['stop', '--al'], /^netns\.ts: unknown option '--al'\n\(Did you mean --all\?\)\n$/],
    [['test', 'brigde'], /did you mean bridge\?/],
    [['test', '--nvmm=2'], /unknown option --nvmm \(did you mean --nvm\?/],
    [['test', 'bridge', '--reporter', 'jnit'], /no reporter is named 'jnit' \(did you mean junit\?/],
    [['test', 'matrix', '--reach', 'brige'], /--reach=brige: .*\(did you mean bridge\?\)/],
    [['\x1b[31mred'], /unknown command 'red'/],
  ] as const) {
    const { status, stdout, stderr } = netns(...words)
    t.deepEqual([status, stdout], [2, ''], words.join(' '))
    t.regex(stderr, says)
  }
})

test('completes commands that are added later, too', async t => {
  const program = new Command('x').exitOverride()
  let seen: unknown
  const later = program.command('later').option('--depth <n>')
  later.action(options => {
    seen = options
  })
  await finishProgram(program, { XCLUSTER_NETNS_DEPTH: '3' }).parseAsync(['later'], { from: 'user' })
  t.deepEqual(seen, { depth: '3' })
})
