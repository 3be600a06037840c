import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { commandsOf } from '../../scripts/command-line/finish.ts'
import { manPage } from '../../scripts/command-line/man.ts'
import { Page } from '../../scripts/command-line/roff.ts'
import { variableOf } from '../../scripts/command-line/variables.ts'
import { EXIT_CODES } from '../../scripts/errors/exit-codes.ts'
import { tool } from '../needs.ts'
import { theProgram } from './program.ts'

const program = await theProgram()

/** A rendered page, with lines long enough for all texts. */
function read(page: string): string {
  const { status, stdout, stderr } = spawnSync(tool('mandoc'), ['-T', 'utf8', '-O', 'width=1000'], {
    input: page,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  // Bold is a letter, a backspace, and the same letter.
  return stdout.replaceAll(/.[\b]/gu, '')
}

test('describes every command, option, variable, argument and example', t => {
  const text = read(manPage(program))
  for (const command of commandsOf(program)) {
    if (['completion-server', 'xctest'].includes(command.name())) continue
    t.true(text.includes(command.description()), command.name())
    for (const option of command.options) {
      t.true(text.includes(option.flags), option.flags)
      t.true(text.includes(variableOf(option) ?? ''), option.flags)
    }
    for (const argument of command.registeredArguments) t.true(text.includes(argument.description))
  }
  t.true(text.includes('./netns.ts exec vm-001 -- ip address'))
  t.true(text.includes('netns.ts help [command]'))
  t.true(text.includes('XCLUSTER_NETNS_NVM=2 is --nvm=2'))
  t.false(text.includes('completion-server'))
})

test('passes mandoc without warnings', t => {
  const { stdout, stderr } = spawnSync(tool('mandoc'), ['-T', 'lint', '-W', 'warning'], {
    input: manPage(program),
    encoding: 'utf8',
  })
  // A generated page has no date.
  const complaints = stdout.split('\n').filter(line => line && !line.includes('missing date'))
  t.deepEqual([complaints, stderr], [[], ''])
})

test('passes man without warnings', t => {
  tool('groff')
  const { status, stderr } = spawnSync(tool('man'), ['--warnings', '-E', 'UTF-8', '-l', '-'], {
    input: manPage(program),
    encoding: 'utf8',
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', PAGER: 'cat' },
  })
  t.deepEqual([status, stderr], [0, ''])
})

test('shows texts of the help unchanged', t => {
  const texts = fc.sample(
    fc
      .array(fc.constantFrom(...'.\'"\\-^~`%<>[]|$#@*é–x y'), { minLength: 1, maxLength: 20 })
      .map(letters => letters.join('').replaceAll(/ +/g, ' ').trim())
      .filter(Boolean),
    300,
  )
  const page = new Page('x', '1', 'Test')
  page.section('Name')
  page.paragraph('x - y')
  for (const text of texts) page.paragraph(text)
  for (const text of texts) page.item(text, 'z')
  page.verbatim(texts)
  const shown = read(page.toString())
    .split('\n')
    .map(line => line.trim())
  for (const text of texts) t.true(shown.filter(line => line.replace(/ +z$/, '') === text).length >= 3, text)
})

test('prints roff if stdout is not a terminal', t => {
  const netns = path.resolve(import.meta.dirname, '../../netns.ts')
  const { status, stdout } = spawnSync(netns, ['man'], { encoding: 'utf8' })
  t.is(status, 0)
  t.is(stdout, manPage(program))
})

test('lists the exit statuses of the README', t => {
  const readme = fs.readFileSync(path.resolve(import.meta.dirname, '../../README.md'), 'utf8')
  for (const [code, meaning] of EXIT_CODES) t.true(readme.includes(`| ${code} | ${meaning} |`), code)
})
