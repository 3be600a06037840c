import { spawn } from 'node:child_process'
import { childEnvironment } from '../../host/child-environment.ts'
import type { Environment } from '../../host/environment.ts'
import {
  findPlace,
  forArchitectures,
  type Requirement,
  TO_BUILD,
  TO_RUN,
  TO_RUN_NAMESPACES,
  TO_RUN_OVLS_TESTS,
  TO_TEST,
} from '../../host/requirements.ts'
import { type Guest, nativeArchitecture } from '../../settings/guest.ts'

/** Needed by some tests only: `test` does not require it, `setup` installs it. */
const FOR_SOME: readonly Requirement[] = [
  {
    command: '/usr/lib/cni/bridge',
    others: ['/usr/libexec/cni/bridge', '/opt/cni/bin/bridge'],
    package: 'containernetworking-plugins',
  },
]

/** Debian packages on the nodes of `examples/`. */
export const EXAMPLE_PACKAGES: readonly string[] = ['dnsmasq-base', 'openvswitch-switch']

/** Requirements, and what a host can do that has them. */
export interface Purpose {
  readonly gives: string
  readonly requirements: readonly Requirement[]
}

/**
 * @param tests include the requirements of the project's own tests
 * @param native the host's architecture
 */
export function purposesOf(
  tests: boolean,
  { architecture }: Pick<Guest, 'architecture'>,
  native = nativeArchitecture(),
): readonly Purpose[] {
  return [
    { gives: 'VMs', requirements: forArchitectures(TO_RUN, [native, architecture]) },
    { gives: 'clusters of namespaces', requirements: TO_RUN_NAMESPACES },
    { gives: 'building the image', requirements: TO_BUILD },
    { gives: "tests of other ovls' own", requirements: TO_RUN_OVLS_TESTS },
    { gives: 'tests with CNI plugins', requirements: FOR_SOME },
    ...(tests ? [{ gives: "the project's own tests", requirements: TO_TEST }] : []),
  ]
}

/** A command or file that this program needs. */
export interface Part {
  readonly name: string
  /** Debian's package with it. */
  readonly package: string
  /** Where it is; undefined when it is missing. */
  readonly place: string | undefined
  readonly version: string | undefined
  /** Set when the version is not tested. */
  readonly note?: string
  /** What a host can do that has it. */
  readonly gives: string
}

/** All parts, each once, with their versions. */
export async function findParts(purposes: readonly Purpose[], environment: Environment): Promise<readonly Part[]> {
  const found = new Map<string, Omit<Part, 'version' | 'note'>>()
  for (const { gives, requirements } of purposes) {
    for (const requirement of requirements) {
      const { command, package: name } = requirement
      const before = found.get(command)
      const all = before ? `${before.gives}, ${gives}` : gives
      found.set(command, { name: command, package: name, place: findPlace(requirement, environment), gives: all })
    }
  }
  return await Promise.all(
    [...found.values()].map(async part => {
      const version = part.place === undefined ? undefined : await versionOf(part.name, part.place)
      const note = version === undefined ? undefined : noteOn(part.name, version)
      return { ...part, version, ...(note && { note }) }
    }),
  )
}

/** The oldest tested version of a command, by a prefix of its name, and what an older one lacks. */
const OLDEST = [
  ['qemu-system-', 7, 'which is the oldest that is tested'],
  ['sqfstar', 4.5, 'so ovls are unpacked before they are packed again'],
] as const

function noteOn(name: string, version: string): string | undefined {
  const [, oldest, why] = OLDEST.find(([prefix]) => name.startsWith(prefix)) ?? []
  return oldest !== undefined && Number.parseFloat(version) < oldest ? `older than ${oldest}, ${why}` : undefined
}

/** How to get the version of commands without `--version`. Shared libraries and keys have none. */
const OPTIONS: Readonly<Record<string, string>> = {
  mksquashfs: '-version',
  unsquashfs: '-version',
  sqfstar: '-version',
  ssh: '-V',
}
const TIMEOUT_MS = 5000

/** The first number that a command prints about itself. */
async function versionOf(name: string, place: string): Promise<string | undefined> {
  if (name.startsWith('/')) return undefined
  const text = await new Promise<string>(resolve => {
    let output = ''
    const stdio = ['ignore', 'pipe', 'pipe'] as const
    const child = spawn(place, [OPTIONS[name] ?? '--version'], {
      stdio: [...stdio],
      timeout: TIMEOUT_MS,
      env: childEnvironment(),
    })
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.once('error', () => resolve(''))
    child.once('close', () => resolve(output))
  })
  return (/(?<![\d.])(\d+(?:\.\d+)+\w*)/.exec(text) ?? /version (\d+)/.exec(text))?.[1]
}
