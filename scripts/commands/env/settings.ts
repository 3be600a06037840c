import process from 'node:process'
import { resolveCluster } from '../../cluster/choose.ts'
import type { Environment } from '../../host/environment.ts'
import { plainText } from '../../host/text.ts'
import { spelling } from '../../settings/sources.ts'
import { quoteWord } from '../../ssh/quote.ts'

/**
 * `env`: the effective settings on stdout, as shell assignments, each with its origin.
 * @throws Failure of the settings, or of xcluster
 */
export async function showSettings(
  options: Environment,
  environment: Environment,
  json: boolean,
  signal: AbortSignal,
): Promise<void> {
  const onLine = (line: string) => process.stderr.write(`${plainText(line)}\n`)
  const {
    settings: { origins },
  } = await resolveCluster({ options, environment, test: {}, onLine, signal })
  if (json) {
    process.stdout.write(`${JSON.stringify(origins, undefined, 2)}\n`)
    return
  }
  for (const { name, value, origin } of origins) {
    const from = origin === 'variable' ? spelling(name, origin) : origin
    process.stdout.write(`${name}=${quoteWord(value)} # ${from}\n`)
  }
}
