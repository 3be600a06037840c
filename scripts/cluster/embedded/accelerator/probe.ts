import { spawn } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { openControl } from '../control.ts'
import type { GuestImage } from '../image/cache.ts'
import { bootOptions } from '../machine.ts'

/** A guest is ready in a second with KVM; one that hangs does so for ever. */
const PATIENCE_MS = 10_000

/** True when a guest of this image gets ready with KVM. Its QEMU is gone afterwards, whatever comes out. */
export async function probeKvm(image: GuestImage): Promise<boolean> {
  const words = bootOptions({ ...image, disks: [image.root], accelerator: 'kvm' }, 256, 1)
  const child = spawn('qemu-system-x86_64', [...words, '-chardev', 'socket,id=control,fd=3'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise<void>(resolve => {
    child.once('error', () => resolve())
    child.once('exit', () => resolve())
  })
  const control = openControl(child.stdio[3] as Duplex)
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<boolean>(resolve => {
    timer = setTimeout(resolve, PATIENCE_MS, false)
  })
  try {
    const ready = control.reached('ready').then(
      () => true,
      () => false,
    )
    return await Promise.race([ready, ended.then(() => false), patience])
  } finally {
    clearTimeout(timer)
    control.close()
    child.kill('SIGKILL')
    await ended
  }
}
