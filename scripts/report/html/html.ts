import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { environmentFailure, usageFailure } from '../../errors/failure.ts'
import type { Listener } from '../events.ts'
import type { Output } from '../summary.ts'
import { htmlDocument } from './document.ts'
import { Gathering } from './gathering.ts'
import { buildPage } from './page.ts'

/**
 * The report for a person who opens a failed run the next day: one HTML page that needs no network and no server.
 * @param output gets the page when the run is over
 * @param directory where the page will be: its links to what was brought home lead from there
 */
export function htmlPage(output: Output, directory: string): Listener {
  const page = buildPage()
  const gathering = new Gathering(directory)
  const close = async () => {
    const { data, packs } = await gathering.finish()
    for (const part of htmlDocument(data, packs, page)) output.write(part)
  }
  return { name: 'html', on: event => gathering.on(event), close }
}

/**
 * {@link htmlPage} in a file, written under a temporary name and then renamed.
 * @param file where it goes; its directory must be there. An earlier report is replaced.
 * @throws Failure BAD_REPORT_FILE (exit 2) when the name is a directory's or a device's; REPORT_NOT_WRITABLE (exit 3) when nothing
 *   can be written there, here before anything starts and again when the run is over
 */
export function html(file: string): Listener {
  const target = targetOf(file)
  const parts: string[] = []
  const page = htmlPage({ write: part => parts.push(part) }, path.dirname(target))
  const close = async () => {
    await page.close?.()
    replace(target, file, parts)
  }
  return { ...page, close }
}

/** The file itself where a link leads to it. */
function targetOf(file: string): string {
  if (file === '') throw usageFailure('BAD_REPORT_FILE', 'the name of the HTML report is empty')
  const found = fs.statSync(file, { throwIfNoEntry: false })
  if (found ? !found.isFile() : file.endsWith('/')) {
    throw usageFailure('BAD_REPORT_FILE', `${file}: the HTML report must be a regular file`)
  }
  try {
    const target = found ? fs.realpathSync(file) : path.resolve(file)
    // Asking for rights would not do: the administrator has them even where nothing can be written.
    const probe = temporaryBeside(target)
    fs.closeSync(fs.openSync(probe, 'wx'))
    fs.rmSync(probe)
    return target
  } catch (error) {
    throw notWritable(file, error)
  }
}

function replace(target: string, file: string, parts: readonly string[]): void {
  const temporary = temporaryBeside(target)
  try {
    const opened = fs.openSync(temporary, 'wx')
    try {
      for (const part of parts) fs.writeFileSync(opened, part)
    } finally {
      fs.closeSync(opened)
    }
    fs.renameSync(temporary, target)
  } catch (error) {
    fs.rmSync(temporary, { force: true })
    throw notWritable(file, error)
  }
}

const temporaryBeside = (target: string) => path.join(path.dirname(target), `.report-${randomBytes(6).toString('hex')}`)

const notWritable = (file: string, error: unknown) =>
  environmentFailure('REPORT_NOT_WRITABLE', `cannot write the HTML report ${file}: ${(error as Error).message}`, {
    hint: 'its directory must be there, yours, and on a disk with space',
    cause: error,
  })
