import { toJsonSchema } from '@valibot/to-json-schema'
import { testSchema } from './schema.ts'

const isFunction = ({ type, message = '' }: { readonly type: string; readonly message?: unknown }): boolean =>
  type === 'instance' || (type === 'custom' && /function/.test(String(message)))

/** The JSON schema of tests in YAML, for editors: docs/schemas/test.schema.json. */
export function testJsonSchema(): string {
  // Functions and regular expressions are for TypeScript.
  const schema = toJsonSchema(testSchema, {
    target: 'draft-2020-12',
    typeMode: 'input',
    errorMode: 'ignore',
    overrideSchema: ({ valibotSchema }) => (isFunction(valibotSchema) ? { not: {} } : undefined),
  })
  const document = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:xcluster-netns:test:1',
    title: 'A test of xcluster-netns, in YAML',
    ...schema,
  }
  return `${JSON.stringify(document, undefined, 2)}\n`
}
