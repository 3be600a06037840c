import { testFailure } from '../../errors/failure.ts'
import type { Network } from '../network.ts'
import { type Answer, readAnswer } from './answer.ts'
import { variablesOf } from './derive.ts'
import { execute } from './execute.ts'
import { CNI_PATH, type Programs, typesOf } from './programs.ts'
import { isBefore } from './result.ts'
import type { NodeShell } from './shell.ts'

/** The versions that the runtime speaks. */
export const VERSIONS = ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const

/**
 * Chooses the version of a network: the newest in its `cniVersions`, or else its `cniVersion`, that all its plugins
 * support according to VERSION.
 * @throws Failure CNI_VERSION (exit 1) when they support none
 */
export async function negotiate(
  network: Network,
  shell: NodeShell,
  programs: Programs,
  cniPath: readonly string[] = CNI_PATH,
): Promise<Network> {
  const types = typesOf(network)
  const ends = await execute(
    shell,
    types.map(type => ({
      program: programs.get(type) ?? type,
      environment: variablesOf('VERSION', cniPath),
      input: JSON.stringify({ cniVersion: network.cniVersion }),
    })),
  )
  const answers = ends.map(end => readAnswer('VERSION', network.cniVersion, end))
  return { ...network, cniVersion: newestCommon(network, new Map(types.map((type, index) => [type, answers[index]]))) }
}

/**
 * The newest of a network's versions that all its plugins support.
 * @param answers of the plugins to VERSION
 * @throws Failure CNI_VERSION (exit 1) when they support none
 */
export function newestCommon(
  network: Pick<Network, 'name' | 'cniVersion' | 'cniVersions'>,
  answers: ReadonlyMap<string, Answer | undefined>,
): string {
  const offered = (network.cniVersions ?? [network.cniVersion]).filter(version => VERSIONS.includes(version as never))
  let common = [...offered].sort((one, other) => (isBefore(one, other) ? 1 : -1))
  for (const [type, answer] of answers) {
    if (!answer?.ok) throw noVersion(network, `the plugin ${type} ${answer?.why ?? 'does not answer VERSION'}`)
    const supported = answer.versions ?? []
    const left = common.filter(version => supported.includes(version))
    if (left.length === 0) throw noVersion(network, `the plugin ${type} supports ${supported.join(', ')}`)
    common = left
  }
  return common[0] as string
}

const noVersion = (
  { name, cniVersion, cniVersions = [cniVersion] }: Pick<Network, 'name' | 'cniVersion' | 'cniVersions'>,
  why: string,
) => testFailure('CNI_VERSION', `network '${name}' with version ${cniVersions.join(' or ')}: ${why}`)
