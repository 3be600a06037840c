import fs from 'node:fs'
import { environmentFailure } from '../../../errors/failure.ts'
import { accountOf } from '../../../settings/home.ts'
import type { AcceleratorChoice } from '../../../settings/settings.ts'
import type { GuestImage } from '../image/cache.ts'
import { probe } from './probe.ts'
import { readProbeResult, storeProbeResult } from './probe-result.ts'

const DEVICE = '/dev/kvm'

/** How VMs are run, and why so. */
export interface Accelerator {
  readonly kind: 'kvm' | 'tcg'
  readonly reason: string
}

/** `emulated` or `by KVM`: how the VMs of a cluster run. */
export const describeAccelerator = ({ kind }: Pick<Accelerator, 'kind'>): string =>
  kind === 'kvm' ? 'by KVM' : 'emulated'

/** What VMs that are emulated lack, in a line for a run; undefined where nothing else was wanted. */
export const noticeOfEmulation = ({ kind }: Accelerator, wanted: AcceleratorChoice): string | undefined =>
  kind === 'kvm' || wanted === 'tcg'
    ? undefined
    : 'emulated: KVM does not work here (setup --check says why); --cluster namespaces needs none'

/**
 * What is known of KVM on this host without a guest being tried, in a line for `setup --check`.
 * @param device the device of KVM; another in tests
 */
export function describeKvm(cacheDirectory: string, device: string = DEVICE): string {
  const obstacle = deviceObstacle(device)
  const answer = obstacle?.why ?? readProbeResult(cacheDirectory)
  if (answer === undefined) return 'KVM: not tried yet: ./netns.ts setup tries it'
  if (answer === true) return 'KVM: works: VMs run by it'
  const wayOut = obstacle?.wayOut ?? './netns.ts setup tries again'
  return `KVM: does not work, so VMs are emulated, which is slower: ${answer} (${wayOut})`
}

export interface AcceleratorRequest {
  readonly wanted: AcceleratorChoice
  readonly image: GuestImage
  readonly cacheDirectory: string
  /** Told when a guest has to be tried, which takes a while. */
  readonly onNotice: (line: string) => void
  /** Try again what is remembered. */
  readonly again?: boolean
  readonly signal?: AbortSignal
  /** The device of KVM; another in tests. */
  readonly device?: string
}

/** A guest is ready in a second with KVM; one that hangs does so for ever. */
const PATIENCE_MS = 10_000

/**
 * Chooses between hardware virtualisation and emulation. A device that opens says little: on nested hosts a guest can hang all
 * the same. So KVM counts only when a guest came up with it on this host, kernel and QEMU, which is remembered.
 * @throws Failure NO_KVM (exit 3) when KVM was demanded and cannot be had
 */
export async function chooseAccelerator(request: AcceleratorRequest): Promise<Accelerator> {
  const { wanted, device = DEVICE } = request
  if (wanted === 'tcg') return { kind: 'tcg', reason: 'asked for' }
  const obstacle = deviceObstacle(device) ?? (await guestObstacle(request))
  if (!obstacle) return { kind: 'kvm', reason: 'a guest came up with it' }
  if (wanted === 'kvm')
    throw environmentFailure('NO_KVM', `KVM cannot be used: ${obstacle.why}`, { hint: obstacle.wayOut })
  return { kind: 'tcg', reason: obstacle.why }
}

interface Obstacle {
  readonly why: string
  readonly wayOut?: string
}

function deviceObstacle(device: string): Obstacle | undefined {
  if (!fs.existsSync(device))
    return { why: `no ${device}`, wayOut: 'is virtualisation enabled in the firmware, and the module kvm loaded?' }
  try {
    fs.accessSync(device, fs.constants.R_OK | fs.constants.W_OK)
    return undefined
  } catch {
    return {
      why: `no permission for ${device}`,
      wayOut: waysIn(),
    }
  }
}

function waysIn(): string {
  const account = accountOf()
  if (account) return `sudo usermod -aG kvm ${account.username}, then log in anew`
  return 'in a container: pass the device, and its group by --group-add'
}

async function guestObstacle(request: AcceleratorRequest): Promise<Obstacle | undefined> {
  const { image, cacheDirectory, onNotice, again, signal } = request
  let answer = again ? undefined : readProbeResult(cacheDirectory)
  if (answer === undefined) {
    onNotice('trying whether a guest comes up with KVM')
    const why = await probe(image, 'kvm', PATIENCE_MS, signal)
    answer = why ?? true
    storeProbeResult(cacheDirectory, answer)
  }
  if (answer === true) return undefined
  return { why: answer, wayOut: './netns.ts setup tries again' }
}
