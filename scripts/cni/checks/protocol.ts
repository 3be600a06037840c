import type { Bench } from '../bench.ts'
import type { PluginConfig } from '../network.ts'
import type { Call } from '../runtime/answer.ts'
import type { Attachment } from '../runtime/derive.ts'
import { typesOf } from '../runtime/programs.ts'
import { parseVersions, type Result } from '../runtime/result.ts'
import { requireThat, Violation } from '../violation.ts'
import { always, type CheckCode, type Checks } from './check.ts'

/** How to make a call of a plugin invalid: variables to set or, if undefined, to remove; a change of the input. */
interface Spoiling {
  readonly variables?: Readonly<Record<string, string | undefined>>
  readonly input?: (input: Record<string, unknown>) => unknown
}

/** Calls ADD of each plugin of the network with an invalid call, each for a container of its own. */
async function spoiled(bench: Bench, { variables = {}, input }: Spoiling): Promise<readonly Call[]> {
  const runtime = bench.runtime()
  const calls: Call[] = []
  for (const plugin of bench.network.plugins) {
    const attachment = await bench.container()
    const execution = runtime.execution('ADD', plugin, attachment, previousFor(bench, plugin, attachment))
    const changed = Object.entries({ ...execution.environment, ...variables }).filter(
      ([, value]) => value !== undefined,
    )
    const spoiledInput = input?.(JSON.parse(execution.input))
    const text = typeof spoiledInput === 'string' ? spoiledInput : JSON.stringify(spoiledInput)
    calls.push(
      ...(await runtime.execute('ADD', plugin.type, [
        {
          ...execution,
          environment: Object.fromEntries(changed) as Record<string, string>,
          input: input ? text : execution.input,
        },
      ])),
    )
  }
  return calls
}

/** A previous result for plugins after the first: the container has an interface without an address. */
function previousFor(bench: Bench, plugin: PluginConfig, attachment: Attachment): Result | undefined {
  if (plugin === bench.network.plugins[0]) return undefined
  const { cniVersion } = bench.network
  return { cniVersion, interfaces: [{ name: attachment.ifname, sandbox: attachment.netns }], ips: [] }
}

/** @throws Violation unless the call failed with a code, and its message names something */
function requireError({ plugin, answer, end }: Call, code: number, named: readonly string[] = []): void {
  requireThat(!answer.ok && end.status !== 0, `the plugin ${plugin} exited with status 0`)
  requireThat(answer.error !== undefined, `the plugin ${plugin} ${answer.why}`)
  const { error } = answer
  requireThat(error.code === code, `the plugin ${plugin} answered with code ${error.code}: ${error.msg}`)
  const text = `${error.msg} ${error.details ?? ''}`.toUpperCase()
  const missing = named.find(name => !text.includes(name.toUpperCase()))
  requireThat(missing === undefined, `the plugin ${plugin} does not name ${missing}: ${error.msg}`)
}

/** Expects code 4 and the name of a variable, with or without its prefix. */
const invalidVariable = (name: string, value: string | undefined): CheckCode => ({
  applies: always,
  run: async bench => {
    for (const call of await spoiled(bench, { variables: { [name]: value } }))
      requireError(call, 4, [name.replace('CNI_', '')])
  },
})

const invalidInput = (input: (data: Record<string, unknown>) => unknown, code: number): CheckCode => ({
  applies: always,
  run: async bench => {
    for (const call of await spoiled(bench, { input })) requireError(call, code)
  },
})

const UNSUPPORTED = '9.9.9'
const unsupported = (bench: Bench) => spoiled(bench, { input: data => ({ ...data, cniVersion: UNSUPPORTED }) })
const UNKNOWN = { key: 'unknownToThePlugin', value: 'valueOfTheBench' }

/** Checks of what a plugin answers to a call, whatever it connects. */
export const protocol: Checks<
  | 'VERSION echoes cniVersion'
  | 'VERSION lists supported versions'
  | 'COMMAND missing'
  | 'COMMAND unknown'
  | 'ADD without CNI_CONTAINERID'
  | 'ADD without CNI_NETNS'
  | 'ADD without CNI_IFNAME'
  | 'ADD with an invalid CNI_CONTAINERID'
  | 'ADD with an invalid CNI_IFNAME'
  | 'ADD with broken JSON'
  | 'ADD without a network name'
  | 'ADD with an unknown field'
  | 'ADD with an unsupported cniVersion'
  | 'ADD with an unsupported cniVersion: code 1'
> = {
  'VERSION echoes cniVersion': {
    applies: always,
    run: async bench => {
      const { cniVersion } = bench.network
      for (const { plugin, end } of await versions(bench)) {
        const parsed = parseVersions(end.stdout)
        const answered = 'value' in parsed ? parsed.value.cniVersion : undefined
        requireThat(answered === cniVersion, `the plugin ${plugin} answered ${cniVersion} with ${answered ?? 'none'}`)
      }
    },
  },
  'VERSION lists supported versions': {
    applies: always,
    run: async bench => {
      const { cniVersion } = bench.network
      for (const { plugin, answer } of await versions(bench)) {
        if (!answer.ok) throw new Violation(`the plugin ${plugin} ${answer.why}`)
        const isListed = answer.versions?.includes(cniVersion) === true
        requireThat(isListed, `the plugin ${plugin} lists ${answer.versions?.join(', ')} without ${cniVersion}`)
      }
    },
  },
  'COMMAND missing': invalidVariable('CNI_COMMAND', undefined),
  'COMMAND unknown': invalidVariable('CNI_COMMAND', 'FETCH'),
  'ADD without CNI_CONTAINERID': invalidVariable('CNI_CONTAINERID', undefined),
  'ADD without CNI_NETNS': invalidVariable('CNI_NETNS', undefined),
  'ADD without CNI_IFNAME': invalidVariable('CNI_IFNAME', undefined),
  'ADD with an invalid CNI_CONTAINERID': invalidVariable('CNI_CONTAINERID', '../etc'),
  'ADD with an invalid CNI_IFNAME': invalidVariable('CNI_IFNAME', 'a name longer than 15'),
  'ADD with broken JSON': invalidInput(data => JSON.stringify(data).slice(0, -1), 6),
  'ADD without a network name': invalidInput(({ name, ...data }) => data, 7),
  'ADD with an unknown field': {
    applies: always,
    run: async bench => {
      const { network } = bench
      // A plugin that always fails does not fail because of the field.
      const first = bench.runtime()
      const { attachment } = await bench.attach(first)
      await first.del([attachment])
      const plugins = network.plugins.map(plugin => ({ ...plugin, [UNKNOWN.key]: UNKNOWN.value }))
      const runtime = bench.runtime({ ...network, plugins })
      const [outcome] = await runtime.add([await bench.container()])
      const failed = outcome?.calls.find(({ answer }) => !answer.ok)
      if (failed) requireError(failed, 2, [UNKNOWN.key, UNKNOWN.value])
    },
  },
  'ADD with an unsupported cniVersion': {
    applies: always,
    run: async bench => {
      for (const { plugin, answer, end } of await unsupported(bench)) {
        requireThat(end.status !== 0, `the plugin ${plugin} accepted version ${UNSUPPORTED}`)
        if (end.status === undefined && !answer.ok) throw new Violation(`the plugin ${plugin} ${answer.why}`)
      }
    },
  },
  'ADD with an unsupported cniVersion: code 1': {
    applies: always,
    run: async bench => {
      for (const call of await unsupported(bench)) if (!call.answer.ok) requireError(call, 1)
    },
  },
}

/** Calls VERSION of each plugin, and of the IPAM plugins that they call. */
async function versions(bench: Bench): Promise<readonly Call[]> {
  const runtime = bench.runtime()
  return await Promise.all(typesOf(bench.network).map(type => runtime.call('VERSION', { type })))
}
