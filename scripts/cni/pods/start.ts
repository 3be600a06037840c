import type { StepNode } from '../../cases/steps.ts'
import { testFailure } from '../../errors/failure.ts'
import { POD_DIRECTORIES } from '../../settings/pod-facts.ts'
import type { Attachment } from '../runtime/derive.ts'
import { describeFailure, Runtime } from '../runtime/runtime.ts'
import { configFile, output, shellOn } from './node.ts'

/**
 * Creates the PODs of a node, and calls ADD for all that are not attached, at once.
 * @throws Failure CNI_FAILED (exit 1) when an ADD failed; DEL was called for these PODs then
 */
export async function start(node: StepNode, type: string): Promise<void> {
  const { directory, pods, config } = parsePods(await output(node, ['netns_test', 'cni_pods', type]), type)
  const { cniVersion, name, ...plugin } = config
  const network = { cniVersion, name, plugins: [{ ...plugin, type }] }
  const runtime = new Runtime(network, shellOn(node), new Map([[type, `${directory}/${type}`]]), {
    cniPath: [directory],
    filesOf: ({ containerId }) => ({ stdout: `/tmp/${containerId}.json`, pending: `/tmp/${containerId}.error` }),
  })
  const attachments = (...states: readonly string[]) =>
    pods.filter(({ state }) => states.includes(state)).map(({ attachment }) => attachment)
  await detach(node, runtime, attachments('interrupted'))
  const wanted = attachments('new', 'interrupted')
  const outcomes = await runtime.add(wanted)
  const failed = wanted.filter((_, index) => outcomes[index]?.failure)
  if (failed.length === 0) return
  const reasons = outcomes.flatMap((outcome, index) =>
    outcome.failure ? [`CNI ADD for ${wanted[index]?.containerId}: ${describeFailure(outcome)}`] : [],
  )
  await detach(node, runtime, failed)
  for (const why of reasons.slice(0, -1)) node.warn(`FAILED: ${why}`)
  throw testFailure('CNI_FAILED', reasons.at(-1) ?? '', { node: node.name })
}

/** Calls DEL after ADDs that did not succeed, as the specification requires, and forgets the attachments. */
async function detach(node: StepNode, runtime: Runtime, attachments: readonly Attachment[]): Promise<void> {
  if (attachments.length === 0) return
  const pods = attachments.map(({ containerId }) => containerId)
  for (const [index, outcome] of (await runtime.del(attachments)).entries()) {
    if (outcome.failure) node.warn(`CNI DEL for ${pods[index]} after its failed ADD: ${describeFailure(outcome)}`)
  }
  await output(node, ['netns_test', 'cni_forget', ...pods])
}

/** Reads the answer of `netns_test cni_pods`. */
function parsePods(answer: string, type: string) {
  const end = answer.indexOf('\n\n')
  const [directory = '', ...lines] = answer.slice(0, end).split('\n')
  const pods = lines.map(line => {
    const [containerId = '', ifname = '', state = ''] = line.split(' ')
    return { state, attachment: { containerId, ifname, netns: `${POD_DIRECTORIES.net}/${containerId}` } }
  })
  return { directory, pods, config: parseConfig(answer.slice(end), configFile(type)) }
}

function parseConfig(
  json: string,
  file: string,
): Readonly<Record<string, unknown>> & { cniVersion: string; name: string } {
  try {
    return JSON.parse(json)
  } catch (cause) {
    throw testFailure('CNI_FAILED', `${file} is not JSON: ${(cause as Error).message}`, { cause })
  }
}
