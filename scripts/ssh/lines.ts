import { Writable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/** Longer lines are split: a command may write without newlines. */
const MAX_LINE_LENGTH = 64 * 1024

/**
 * Splits a stream of bytes into lines. Invalid UTF-8 becomes replacement characters.
 * @param onLine gets each line without its newline
 */
export function lineSplitter(onLine: (line: string) => void): Writable {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  const take = (text: string) => {
    const lines = (rest + text).split(/\r?\n/)
    rest = lines.pop() ?? ''
    lines.forEach(onLine)
    while (rest.length >= MAX_LINE_LENGTH) {
      onLine(rest.slice(0, MAX_LINE_LENGTH))
      rest = rest.slice(MAX_LINE_LENGTH)
    }
  }
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      take(decoder.write(chunk))
      done()
    },
    // A last line without a newline.
    final: done => {
      take(decoder.end())
      if (rest) onLine(rest)
      done()
    },
  })
}
