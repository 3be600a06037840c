import { testFailure } from '../../errors/failure.ts'
import type { Network } from '../network.ts'
import { readAnswer } from './answer.ts'
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
  const offered = (network.cniVersions ?? [network.cniVersion]).filter(version => VERSIONS.includes(version as never))
  const ends = await execute(
    shell,
    types.map(type => ({
      program: programs.get(type) ?? type,
      environment: variablesOf('VERSION', cniPath),
      input: JSON.stringify({ cniVersion: network.cniVersion }),
    })),
  )
  let common = [...offered].sort((one, other) => (isBefore(one, other) ? 1 : -1))
  for (const [index, end] of ends.entries()) {
    const answer = readAnswer('VERSION', network.cniVersion, end)
    if (!answer.ok) throw noVersion(network, `the plugin ${types[index]} ${answer.why}`)
    const supported = answer.versions ?? []
    const left = common.filter(version => supported.includes(version))
    if (left.length === 0) throw noVersion(network, `the plugin ${types[index]} supports ${supported.join(', ')}`)
    common = left
  }
  return { ...network, cniVersion: common[0] as string }
}

const noVersion = ({ name, cniVersion, cniVersions = [cniVersion] }: Network, why: string) =>
  testFailure('CNI_VERSION', `network '${name}' with version ${cniVersions.join(' or ')}: ${why}`)
