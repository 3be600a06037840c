import type { Duplex } from 'node:stream'
import { plainText } from '../../host/text.ts'
import { lineSplitter } from '../../ssh/lines.ts'

/** What the guest says on its control port, see guest/root/etc/netns/become.pl: `ready`, `up`, `failed <reason>`. */
export type Stage = 'ready' | 'up'

/** The host's end of a VM's control port. */
export interface Control {
  /**
   * Resolves when the guest says that it has come so far.
   * @throws Error with the guest's reason when it gave up
   */
  reached(stage: Stage): Promise<void>
  send(message: Buffer): void
  close(): void
}

/** A guest says three lines. */
const MOST_BYTES = 64 * 1024
const MOST_CHARACTERS = 500

/** @param port the socket behind the VM's virtio-serial port */
export function openControl(port: Duplex): Control {
  const said = new Set<string>()
  let failure: Error | undefined
  let bytes = 0
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const look of waiting) look()
  }
  const lines = lineSplitter(line => {
    if (line.startsWith('failed '))
      failure ??= new Error(plainText(line.slice('failed '.length)).slice(0, MOST_CHARACTERS))
    else if (line === 'ready' || line === 'up') said.add(line)
    wake()
  })
  port.on('data', (piece: Buffer) => {
    bytes += piece.length
    if (bytes <= MOST_BYTES) return void lines.write(piece)
    if (!said.has('up')) failure ??= new Error(`it wrote more than ${MOST_BYTES / 1024} KiB on its control port`)
    // Nobody reads it any more: the guest waits.
    port.pause()
    wake()
  })
  port.on('end', () => lines.end())
  port.on('error', () => {}) // the VM ended: its process says so
  return {
    reached: stage =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (failure) reject(failure)
          else if (said.has(stage)) resolve()
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
