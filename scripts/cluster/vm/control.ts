import type { Duplex } from 'node:stream'
import { plainText } from '../../host/text.ts'
import { lineSplitter } from '../../ssh/lines.ts'

/**
 * A stage that the guest reports on its control port; the third message is `failed <reason>`. See
 * guest/root/etc/netns/become.pl.
 */
export type Stage = 'ready' | 'up'

/** The host's end of a VM's control port. */
export interface Control {
  /**
   * Resolves when the guest has reported the stage.
   * @throws Error with the guest's reason when it failed
   */
  reached(stage: Stage): Promise<void>
  send(message: Buffer): void
  close(): void
}

/** Far more than the two or three lines that a guest sends. */
const MAX_BYTES = 64 * 1024
const MAX_CHARACTERS = 500

/** @param port the socket behind the VM's virtio-serial port */
export function openControl(port: Duplex): Control {
  const reported = new Set<string>()
  let failure: Error | undefined
  let bytes = 0
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const look of waiting) look()
  }
  const lines = lineSplitter(line => {
    if (line.startsWith('failed '))
      failure ??= new Error(plainText(line.slice('failed '.length)).slice(0, MAX_CHARACTERS))
    else if (line === 'ready' || line === 'up') reported.add(line)
    wake()
  })
  port.on('data', (piece: Buffer) => {
    bytes += piece.length
    if (bytes <= MAX_BYTES) return void lines.write(piece)
    if (!reported.has('up')) failure ??= new Error(`it wrote more than ${MAX_BYTES / 1024} KiB on its control port`)
    // The guest blocks once the buffers are full.
    port.pause()
    wake()
  })
  port.on('end', () => lines.end())
  port.on('error', () => {}) // the VM ended, which its process reports
  return {
    reached: stage =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (failure) reject(failure)
          else if (reported.has(stage)) resolve()
          else return
          waiting.delete(look)
        }
        waiting.add(look)
        look()
      }),
    send: message => port.write(message),
    close: () => port.destroy(),
  }
}
