import fs from 'node:fs/promises'
import path from 'node:path'
import { makeDirectory } from '../../../host/directories.ts'
import { shellScript } from '../../../host/shell-script.ts'
import type { Node } from '../../../ssh/node.ts'
import { captureReading } from './read.ts'

/** Limits for a node: with 254 PODs it has 254 files of less than 1 KiB. */
const MOST_FILES = 1000
const MOST_FILE_KIB = 64
const MOST_BYTES = 8 * 2 ** 20

const PRINT_RESULTS = shellScript(import.meta.dirname, 'print-cni-results.sh')
const LIMITS = [MOST_FILES, MOST_FILE_KIB * 2 + 1, MOST_BYTES + 1].map(String)

/** A line of grep; the POD's name becomes a file name on the host. */
const CNI_LINE = /^\.\/([\w-][\w.-]*\.json):(.*)$/s

/**
 * Collects the plugins' answers to CNI ADD: `/tmp/<pod>.json`.
 * @param directory replaced by one file for each POD with a result
 * @param onLoss gets a line when files are missing
 * @throws Failure (exit 4) when the node is lost; the signal's reason; the system's error
 */
export async function collectCniResults(
  node: Node,
  directory: string,
  onLoss: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  await fs.rm(directory, { recursive: true, force: true })
  const { stdout } = await captureReading(node, ['sh', '-c', PRINT_RESULTS, 'sh', ...LIMITS], signal)
  const [count = '', ...lines] = stdout.toString().split('\n')
  const results = new Map<string, string[]>()
  for (const line of lines) {
    const [, file, text] = CNI_LINE.exec(line) ?? []
    if (file === undefined || text === undefined || (results.size >= MOST_FILES && !results.has(file))) continue
    const known = results.get(file)
    if (known) known.push(text)
    else results.set(file, [text])
  }
  // The output was cut within the last file.
  if (stdout.length > MOST_BYTES) results.delete([...results.keys()].at(-1) ?? '')
  if (results.size > 0) makeDirectory(directory)
  // Sequential, to stay below the limit of open files.
  for (const [file, text] of results) await fs.writeFile(path.join(directory, file), `${text.join('\n')}\n`)
  const lost = /^\d{1,9}$/.test(count) ? Number(count) - results.size : Number.NaN
  if (lost === 0) return
  const limits = `at most ${MOST_FILES} regular files of ${MOST_FILE_KIB} KiB each, ${MOST_BYTES / 2 ** 20} MiB in all`
  onLoss(
    lost > 0
      ? `${lost} of ${count} files /tmp/*.json were not collected: limits are ${limits}`
      : 'the number of files /tmp/*.json is unknown; some may be missing',
  )
}
