/** Results as lines of JSON: to standard output, into a file, and out of it again. */
import { appendFile, readFile } from 'node:fs/promises';

/** One line: a row of the matrix, or what an experiment found out. */
export type ResultLine = Readonly<Record<string, unknown>>;

export async function readResults(file: string): Promise<ResultLine[]> {
  const text = await readFile(file, 'utf8');
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as ResultLine);
}

/** As `readResults`, but a file that does not exist yet has none. */
export async function resultsSoFar(file: string): Promise<ResultLine[]> {
  try {
    return await readResults(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

export async function addResult(file: string, line: ResultLine): Promise<void> {
  await appendFile(file, `${JSON.stringify(line)}\n`);
}
