import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { environmentFailure } from '../../../errors/failure.ts'
import { run } from '../../../host/command.ts'
import type { AcceleratorWish } from '../../../settings/settings.ts'
import type { GuestImage } from '../image/cache.ts'
import { probeKvm } from './probe.ts'

/** How VMs are run, and why so. */
export interface Accelerator {
  readonly kind: 'kvm' | 'tcg'
  readonly reason: string
}

export interface AcceleratorRequest {
  readonly wanted: AcceleratorWish
  readonly image: GuestImage
  readonly cacheDirectory: string
  /** Told when hardware virtualisation is not used, unless that was asked for. */
  readonly onNotice: (line: string) => void
}

const DEVICE = '/dev/kvm'

/**
 * Chooses between hardware virtualisation and emulation. A device that opens says little: on nested hosts a guest can hang all
 * the same. So KVM counts only when a guest came up with it on this host, kernel and QEMU, which is remembered.
 * @throws Failure NO_KVM (exit 3) when KVM was demanded and cannot be had
 */
export async function chooseAccelerator(request: AcceleratorRequest): Promise<Accelerator> {
  const { wanted, onNotice } = request
  if (wanted === 'tcg') return { kind: 'tcg', reason: 'asked for' }
  const obstacle = deviceObstacle() ?? (await guestObstacle(request))
  if (!obstacle) return { kind: 'kvm', reason: 'a guest came up with it' }
  if (wanted === 'kvm')
    throw environmentFailure('NO_KVM', `KVM cannot be used: ${obstacle.why}`, { hint: obstacle.wayOut })
  onNotice(`VMs are emulated (TCG), which is slower: ${obstacle.why}`)
  return { kind: 'tcg', reason: obstacle.why }
}

interface Obstacle {
  readonly why: string
  readonly wayOut?: string
}

function deviceObstacle(): Obstacle | undefined {
  if (!fs.existsSync(DEVICE))
    return { why: `no ${DEVICE}`, wayOut: 'is virtualisation enabled in the firmware, and the module kvm loaded?' }
  try {
    fs.accessSync(DEVICE, fs.constants.R_OK | fs.constants.W_OK)
    return undefined
  } catch {
    return {
      why: `no permission for ${DEVICE}`,
      wayOut: `add yourself to its group: sudo usermod -aG kvm ${os.userInfo().username}`,
    }
  }
}

/** What is remembered, and where: one answer for each host, kernel and QEMU. */
async function guestObstacle({ image, cacheDirectory, onNotice }: AcceleratorRequest): Promise<Obstacle | undefined> {
  const file = path.join(cacheDirectory, 'kvm.json')
  const subject = [os.hostname(), readMachineId(), os.release(), os.cpus()[0]?.model ?? '', await qemuVersion()].join(
    '|',
  )
  const remembered = readAnswers(file)
  let works = remembered[subject]
  if (works === undefined) {
    onNotice('trying whether a guest comes up with KVM')
    works = await probeKvm(image)
    fs.writeFileSync(`${file}.${process.pid}`, JSON.stringify({ ...readAnswers(file), [subject]: works }, undefined, 2))
    fs.renameSync(`${file}.${process.pid}`, file)
  }
  return works ? undefined : { why: `a guest does not come up with KVM on this host`, wayOut: `remembered in ${file}` }
}

const qemuVersion = async () => (await run('qemu-system-x86_64', ['--version'])).split('\n')[0] ?? ''

function readMachineId(): string {
  try {
    return fs.readFileSync('/etc/machine-id', 'utf8').trim()
  } catch {
    return '' // containers may have none: the host's name and CPU have to do
  }
}

function readAnswers(file: string): Record<string, boolean> {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')) as Record<string, boolean>
  } catch {
    return {} // nothing remembered, or damaged: it is found out again
  }
}
