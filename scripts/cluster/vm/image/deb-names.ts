import path from 'node:path'

/**
 * Reads the name of a package's file: `<package>_<version, colon escaped>_<architecture>.deb`.
 * @param file its path, in any directory
 * @returns undefined for other files
 */
export function readDebName(file: string): { readonly name: string; readonly version: string } | undefined {
  const [, name, version] = /^([^_]+)_([^_]+)_[^_]+\.deb$/.exec(path.basename(file)) ?? []
  return name && version ? { name, version: decodeURIComponent(version) } : undefined
}
