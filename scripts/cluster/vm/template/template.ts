import path from 'node:path'
import { discardEntry, ensureEntry, entryDirectory, keyOf } from '../../../cache/cached.ts'
import { hostAndQemu } from '../accelerator/probe-result.ts'
import type { GuestImage } from '../image/cache.ts'
import type { MachineParts } from '../machine.ts'
import type { Hardware } from './hardware.ts'
import { RAM, STATE, saveTemplate } from './save.ts'

/** A booted VM without identity, from which others go on. */
export interface Template {
  /** The memory: a file that every clone maps for itself, so that what none of them writes is there once. */
  readonly ram: string
  /** The devices. */
  readonly state: string
  /** What does not come up is not tried again: the next run makes another. Never throws. */
  discard(): void
}

export interface TemplateRequest {
  readonly cacheDirectory: string
  /** Of the cluster that needs it: there its VM runs while it is made, and there it ends with the cluster. */
  readonly clusterDirectory: string
  readonly image: GuestImage
  readonly accelerator: MachineParts['accelerator']
  /** Sizes of the ovls' disks in bytes. */
  readonly slots: readonly number[]
  readonly onProgress: (line: string) => void
  readonly signal: AbortSignal
}

const FILES = [RAM, STATE]

/**
 * The template for VMs of one hardware: from the cache, or made when it is missing or damaged.
 * @throws Failure NO_TEMPLATE (exit 4), CACHE_NOT_WRITABLE, NO_SPACE (exit 3); the signal's reason when that is aborted
 */
export async function ensureTemplate(hardware: Hardware, request: TemplateRequest): Promise<Template> {
  const { cacheDirectory, clusterDirectory, image, accelerator, slots, onProgress, signal } = request
  const { kernel, initrd, root } = image
  const entry = {
    cacheDirectory,
    kind: 'template',
    files: FILES,
    key: keyOf(
      { hardware, image: image.digest, accelerator, slots, host: hostAndQemu() },
      [import.meta.dirname],
      MACHINE,
    ),
    make: async (directory: string) => {
      await saveTemplate({
        directory,
        clusterDirectory,
        hardware,
        parts: { kernel, initrd, disks: [root], accelerator },
        slots,
        signal,
      })
      return {}
    },
    onProgress,
    signal,
  }
  await ensureEntry(entry)
  const directory = entryDirectory(entry)
  return {
    ram: path.join(directory, RAM),
    state: path.join(directory, STATE),
    discard: () => discardEntry(entry),
  }
}

/** What says how a machine is made. */
const MACHINE = [path.resolve(import.meta.dirname, '../machine.ts')]
