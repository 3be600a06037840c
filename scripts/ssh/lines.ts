import { Writable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/** A line of more is cut into several: a command may write without ever ending a line. */
const LONGEST_LINE = 64 * 1024

/**
 * Cuts a stream of bytes into lines; bytes that are no UTF-8 become replacement characters.
 * @param onLine gets each line without its end
 */
export function lineSplitter(onLine: (line: string) => void): Writable {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  const take = (text: string) => {
    const lines = (rest + text).split(/\r?\n/)
    rest = lines.pop() ?? ''
    lines.forEach(onLine)
    while (rest.length >= LONGEST_LINE) {
      onLine(rest.slice(0, LONGEST_LINE))
      rest = rest.slice(LONGEST_LINE)
    }
  }
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      take(decoder.write(chunk))
      done()
    },
    // The last line, if its end never came.
    final: done => {
      take(decoder.end())
      if (rest) onLine(rest)
      done()
    },
  })
}
