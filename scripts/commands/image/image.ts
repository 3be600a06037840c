import process from 'node:process'
import type { ImageFacts } from '../../cluster/kind.ts'
import { KINDS } from '../../cluster/kinds.ts'
import { environmentFailure } from '../../errors/failure.ts'
import type { Environment } from '../../host/environment.ts'
import { alignColumns } from '../../reporters/columns.ts'
import { type Guest, guestWords } from '../../settings/guest.ts'
import { readDirectories } from '../../settings/settings.ts'

/**
 * `image`: the content of a built image on stdout, a fact per line that begins with its kind; `--json` for programs.
 * @throws Failure NO_IMAGE (exit 3) when it is not built
 */
export async function showImage(guest: Guest, json: boolean, environment: Environment): Promise<void> {
  const directories = readDirectories(environment)
  const onLine = (line: string) => process.stderr.write(`${line}\n`)
  for (const kind of KINDS) {
    const preparation = await (await kind.load()).preparation?.()
    const facts = await preparation?.image?.({ directories, guest, onLine })
    if (facts) return void process.stdout.write(json ? `${JSON.stringify(facts, undefined, 2)}\n` : imageText(facts))
  }
  const remedy = ['./netns.ts setup', ...guestWords(guest)].join(' ')
  throw environmentFailure('NO_IMAGE', 'this image is not built yet', { hint: `run: ${remedy}` })
}

const HOUR = 3_600_000

/** @param now in milliseconds since the epoch */
export function imageText(facts: ImageFacts, now = Date.now()): string {
  const { release, architecture, snapshot, kernel, built, bytes, key, directory, packages, programs, modules } = facts
  const hours = Math.floor((now - Date.parse(built)) / HOUR)
  const age = hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} days ago`
  return alignColumns([
    ['release', `${release}${snapshot ? ` of ${snapshot}` : ''}`],
    ['architecture', architecture],
    ['kernel', kernel],
    ['built', `${built} (${age})`],
    ['size', `${Math.round(bytes / 2 ** 20)} MiB`],
    ['key', key],
    ['directory', directory],
    ...Object.entries(packages).map(([name, version]) => ['package', `${name} ${version}`]),
    ...programs.map(name => ['program', name]),
    ...modules.map(name => ['module', name]),
  ])
}
