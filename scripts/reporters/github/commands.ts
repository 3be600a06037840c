import { plainText } from '../../host/text.ts'

/** Properties of an annotation. */
export interface Properties {
  readonly title: string
  readonly file?: string | undefined
  readonly line?: string | undefined
}

/**
 * A command for GitHub Actions: `::error file=…,title=…::<message>`. Escapes `%`, CR and LF, and in properties `:` and
 * `,`, see "Workflow commands" in GitHub's documentation.
 */
export function command(name: string, message: string, properties: Properties | undefined = undefined): string {
  const text = Object.entries(properties ?? {})
    .filter(([, value]) => value)
    .map(([key, value]) => `${key}=${escapeProperty(String(value))}`)
    .join(',')
  return `::${name}${text && ` ${text}`}::${escapeMessage(message)}\n`
}

const escapeMessage = (text: string): string =>
  text.split(/\r?\n/).map(plainText).join('\n').replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')

const escapeProperty = (text: string): string => escapeMessage(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
