import type { Network, PluginConfig } from '../network.ts'
import { isBefore } from './result.ts'

const OPERATIONS = ['ADD', 'DEL', 'CHECK', 'GC', 'STATUS', 'VERSION'] as const
export type Operation = (typeof OPERATIONS)[number]

/** Values for capabilities, such as `portMappings`. */
export type CapabilityArgs = Readonly<Record<string, unknown>>

/** A container that a network is attached to. */
export interface Attachment {
  readonly containerId: string
  /** The path of its network namespace on the node; empty when it has none any more. */
  readonly netns: string
  readonly ifname: string
  /** CNI_ARGS. */
  readonly args?: Readonly<Record<string, string>>
  readonly capabilityArgs?: CapabilityArgs
}

/** The version of the specification that introduced an operation. */
const SINCE: Partial<Record<Operation, string>> = { CHECK: '0.4.0', GC: '1.1.0', STATUS: '1.1.0' }

/** Why a network's version does not have an operation; undefined if it has it. */
export function missingOperation(operation: Operation, version: string): string | undefined {
  const since = SINCE[operation]
  return since && isBefore(version, since)
    ? `${operation} exists since version ${since}, this is ${version}`
    : undefined
}

/**
 * The configuration for an execution of a plugin (section 3 of the specification): with the network's name and version,
 * the previous result and the arguments of declared capabilities, and without the declarations.
 */
export function derive(
  { name, cniVersion }: Pick<Network, 'name' | 'cniVersion'>,
  { capabilities = {}, ...plugin }: PluginConfig,
  prevResult: unknown,
  capabilityArgs: CapabilityArgs = {},
): Readonly<Record<string, unknown>> {
  const declared = Object.entries(capabilityArgs).filter(([capability]) => capabilities[capability] === true)
  return {
    ...plugin,
    cniVersion,
    name,
    ...(declared.length > 0 && { runtimeConfig: Object.fromEntries(declared) }),
    ...(prevResult !== undefined && { prevResult }),
  }
}

/** The variables of an execution. */
export function variablesOf(
  operation: Operation,
  cniPath: readonly string[],
  attachment?: Attachment,
): Readonly<Record<string, string>> {
  const common = { CNI_COMMAND: operation, CNI_PATH: cniPath.join(':') }
  if (!attachment) return common
  const { containerId, netns, ifname, args } = attachment
  return {
    ...common,
    CNI_CONTAINERID: containerId,
    CNI_NETNS: netns,
    CNI_IFNAME: ifname,
    ...(args && {
      CNI_ARGS: Object.entries(args)
        .map(pair => pair.join('='))
        .join(';'),
    }),
  }
}
