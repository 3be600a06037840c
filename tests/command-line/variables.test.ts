import test from 'ava'
import { Command, Option } from 'commander'
import fc from 'fast-check'
import { commandsOf } from '../../scripts/command-line/finish.ts'
import { applyVariables, isRepeatable, variableOf } from '../../scripts/command-line/variables.ts'
import { Failure } from '../../scripts/errors/failure.ts'
import { theProgram } from './program.ts'

const program = await theProgram()
const commands = commandsOf(program).filter(command => command.commands.length === 0)

/** The options and operands of a command for given words and variables. */
async function given(command: Command, words: readonly string[], environment: Readonly<Record<string, string>>) {
  const operands = command.registeredArguments.filter(({ required }) => required).map(() => 'x')
  Object.assign(process.env, environment)
  let options: unknown
  command.action(() => {
    options = command.opts()
  })
  try {
    await program.parseAsync([command.name(), ...words, ...operands], { from: 'user' })
  } finally {
    for (const name of Object.keys(environment)) delete process.env[name]
  }
  return options
}

for (const command of commands) {
  for (const option of command.options) {
    const variable = variableOf(option)
    if (!variable || !option.long) continue
    const { long } = option
    test.serial(`${command.name()}: ${variable} is equivalent to ${long}`, async t => {
      if (!option.required && !option.optional) {
        const unset = await given(command, [], {})
        for (const yes of ['yes', 'true', '1', 'ON']) {
          t.deepEqual(await given(command, [], { [variable]: yes }), await given(command, [long], {}))
        }
        for (const no of ['no', 'false', '0', 'off', ''])
          t.deepEqual(await given(command, [], { [variable]: no }), unset)
        const failure = await t.throwsAsync(given(command, [], { [variable]: 'maybe' }), { instanceOf: Failure })
        t.like(failure, { exitCode: 2, message: `${variable}=maybe: must be yes or no` })
        return
      }
      const value = valuesOf(option)
      await fc.assert(
        fc.asyncProperty(value, value, async (text, other) => {
          const typed = await given(command, [`${long}=${text}`], {})
          t.deepEqual(await given(command, [], { [variable]: text }), typed)
          t.deepEqual(await given(command, [`${long}=${text}`], { [variable]: other }), typed, 'what is typed wins')
          if (!isRepeatable(option)) return
          const both = await given(command, [`${long}=${text}`, `${long}=${other}`], {})
          t.deepEqual(await given(command, [], { [variable]: `${text},${other}` }), both)
        }),
        { numRuns: 20 },
      )
      t.deepEqual(await given(command, [], { [variable]: '' }), await given(command, [], {}), 'empty is not set')
    })
  }
}

/** Valid values of an option: its choices, numbers, or any text. */
function valuesOf(option: Option): fc.Arbitrary<string> {
  if (option.argChoices) return fc.constantFrom(...option.argChoices)
  if (option.parseArg && !isRepeatable(option)) return fc.integer({ min: 1, max: 99 }).map(String)
  return fc.string({ minLength: 1 }).filter(isNoList)
}

/** Excludes the separator, and NUL, which an environment cannot contain. */
const isNoList = (text: string) => !/[,\0]/.test(text)

test('refuses an invalid value by the name of the variable', async t => {
  const run = (format: string) => {
    const command = new Command().addOption(new Option('--format <format>').choices(['svg', 'dot'])).action(() => {})
    return applyVariables(command, { XCLUSTER_NETNS_FORMAT: format }).parseAsync([], { from: 'user' })
  }
  await t.notThrowsAsync(run('dot'))
  const message = 'XCLUSTER_NETNS_FORMAT=pdf: allowed choices are svg, dot'
  await t.throwsAsync(run('pdf'), { instanceOf: Failure, message })
})
