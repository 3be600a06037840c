import fs from 'node:fs'
import { environmentFailure } from '../../../errors/failure.ts'
import { nativeArchitecture } from '../../../settings/guest.ts'
import { findAccount } from '../../../settings/home.ts'
import type { AcceleratorChoice } from '../../../settings/settings.ts'
import type { GuestImage } from '../image/cache.ts'
import { probe } from './probe.ts'
import { readProbeResult, storeProbeResult } from './probe-result.ts'

const DEVICE = '/dev/kvm'

/** How VMs are run, and why. */
export interface Accelerator {
  readonly kind: 'kvm' | 'tcg'
  readonly reason: string
}

/** `emulated` or `KVM`, for messages. */
export const describeAccelerator = ({ kind }: Pick<Accelerator, 'kind'>): string =>
  kind === 'kvm' ? 'KVM' : 'emulated'

/** The notice of a run whose VMs are emulated; undefined when KVM works or emulation was requested. */
export const emulationNotice = (
  { kind }: Accelerator,
  requested: AcceleratorChoice,
  architecture = nativeArchitecture(),
): string | undefined =>
  kind === 'kvm' || requested === 'tcg' || architecture !== nativeArchitecture()
    ? undefined
    : 'emulated: KVM does not work here (setup --check says why); --cluster namespaces does not need it'

/**
 * Reports whether KVM works on this host, without starting a guest: a line for `setup --check`.
 * @param device the KVM device; another file in tests
 */
export function describeKvm(cacheDirectory: string, device: string = DEVICE): string {
  const obstacle = deviceObstacle(device)
  const result = obstacle?.why ?? readProbeResult(cacheDirectory)
  if (result === undefined) return 'KVM: not tested yet (run: ./netns.ts setup)'
  if (result === true) return 'KVM: works, VMs use it'
  const hint = obstacle?.hint ?? RETEST_HINT
  return `KVM: does not work, so VMs are emulated and slower: ${result} (${hint})`
}

/** How VMs run on this host, in a few words. */
export function describeAbility(cacheDirectory: string, device: string = DEVICE): string {
  const result = deviceObstacle(device)?.why ?? readProbeResult(cacheDirectory)
  if (result === undefined) return 'QEMU; setup tests whether KVM works'
  return result === true ? 'QEMU with KVM' : `QEMU, emulated (TCG): ${result}`
}

export interface AcceleratorRequest {
  readonly requested: AcceleratorChoice
  readonly image: GuestImage
  readonly cacheDirectory: string
  /** Called before KVM is tested with a guest, which takes a while. */
  readonly onNotice: (line: string) => void
  /** Test KVM again, even when a result is stored. */
  readonly retry?: boolean
  readonly signal?: AbortSignal
  /** The KVM device; another file in tests. */
  readonly device?: string
}

/** With KVM a guest is ready within a second; one that hangs never is. */
const TIMEOUT_MS = 10_000

/**
 * Chooses between KVM and emulation. A device that can be opened proves little: on nested hosts a guest may still hang.
 * So KVM is used only when a guest has booted with it on this host, kernel and QEMU; that result is stored.
 * @throws Failure NO_KVM (exit 3) when KVM was requested and does not work
 */
export async function chooseAccelerator(request: AcceleratorRequest): Promise<Accelerator> {
  const { requested, device = DEVICE } = request
  if (requested === 'tcg') return { kind: 'tcg', reason: 'requested' }
  const obstacle = foreignObstacle(request.image) ?? deviceObstacle(device) ?? (await guestObstacle(request))
  if (!obstacle) return { kind: 'kvm', reason: 'a guest booted with it' }
  if (requested === 'kvm')
    throw environmentFailure('NO_KVM', `KVM does not work: ${obstacle.why}`, { hint: obstacle.hint })
  return { kind: 'tcg', reason: obstacle.why }
}

const RETEST_HINT = 'to test it again: ./netns.ts setup'

interface Obstacle {
  readonly why: string
  readonly hint?: string
}

function foreignObstacle({ architecture }: GuestImage): Obstacle | undefined {
  const native = nativeArchitecture()
  if (architecture === native) return undefined
  return { why: `this host is ${native}, and the guests are ${architecture}`, hint: 'omit --accel or --arch' }
}

function deviceObstacle(device: string): Obstacle | undefined {
  if (!fs.existsSync(device))
    return { why: `no ${device}`, hint: 'enable virtualization in the firmware, and load the kvm module' }
  try {
    fs.accessSync(device, fs.constants.R_OK | fs.constants.W_OK)
    return undefined
  } catch {
    return {
      why: `no permission for ${device}`,
      hint: permissionHint(),
    }
  }
}

function permissionHint(): string {
  const account = findAccount()
  if (account) return `sudo usermod -aG kvm ${account.username}, then log in again`
  return 'in a container: pass the device with --device, and its group with --group-add'
}

async function guestObstacle(request: AcceleratorRequest): Promise<Obstacle | undefined> {
  const { image, cacheDirectory, onNotice, retry, signal } = request
  let result = retry ? undefined : readProbeResult(cacheDirectory)
  if (result === undefined) {
    onNotice('testing whether a guest boots with KVM')
    const why = await probe(image, 'kvm', TIMEOUT_MS, signal)
    result = why ?? true
    storeProbeResult(cacheDirectory, result)
  }
  if (result === true) return undefined
  return { why: result, hint: RETEST_HINT }
}
