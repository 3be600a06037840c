import fs from 'node:fs'
import path from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import type { ExecutionContext } from 'ava'

const DIRECTORY = path.resolve(import.meta.dirname, '../docs/schemas')

const compiled = new Map<string, ValidateFunction>()

/** A published schema of docs/schemas, by the name in front of `.schema.json`. */
export function schemaNamed(name: string): ValidateFunction {
  const schema = () => JSON.parse(fs.readFileSync(path.join(DIRECTORY, `${name}.schema.json`), 'utf8'))
  const validate = compiled.get(name) ?? new Ajv2020({ strict: false }).compile(schema())
  compiled.set(name, validate)
  return validate
}

/** Fails unless the value is as the published schema says. */
export function conforms(t: ExecutionContext, name: string, value: unknown): void {
  const validate = schemaNamed(name)
  t.true(validate(value), JSON.stringify(validate.errors))
}
