import type { StepNode } from '../../cases/steps.ts'
import { fill } from '../configuration/fill.ts'
import type { PluginConfig } from '../network.ts'
import { type Answer, readAnswer } from '../runtime/answer.ts'
import { newestCommon, VERSIONS } from '../runtime/negotiate.ts'
import { typesOf } from '../runtime/programs.ts'
import type { PodNetwork } from './network.ts'
import { configFile, output } from './node.ts'

/** By the shell alone: each process takes an emulated VM 10 to 20 ms. */
const WRITE = '{ [ -d /etc/cni/net.d ] || mkdir -p /etc/cni/net.d; } && printf %s "$2" >"$1" && eval "$3"'

/** Writes the configuration for a node's POD networks, in the newest version that all plugins support. */
export async function configure(node: StepNode, { name, plugin, before = '' }: PodNetwork): Promise<void> {
  const types = typesOf({ plugins: [plugin] })
  const answer = await output(node, ['netns_test', 'cni_node', ...types])
  const [values = '', ...versions] = answer.split('\n')
  const [, subnet4 = '', subnet6 = ''] = values.split(' ')
  const answers = new Map(types.map((type, index) => [type, readVersions(versions[index] ?? '')]))
  const cniVersion = newestCommon({ name, cniVersion: VERSIONS[0], cniVersions: VERSIONS }, answers)
  const file = configFile(plugin.type)
  const filled: PluginConfig = JSON.parse(fill(JSON.stringify(plugin), { subnet4, subnet6 }, file))
  const config = `${JSON.stringify({ cniVersion, name, ...filled }, null, 4)}\n`
  await output(node, ['sh', '-c', WRITE, 'sh', file, config, before])
}

/** Reads `<exit status> <answer>`. */
function readVersions(line: string): Answer {
  const space = line.indexOf(' ')
  const [status, stdout] = space < 0 ? [line, ''] : [line.slice(0, space), line.slice(space)]
  const end = { status: Number(status), problem: undefined, stdout, stderr: '', beginMicroseconds: 0, microseconds: 0 }
  return readAnswer('VERSION', VERSIONS[0], end)
}
