import { ControlClient } from '../control/client.ts';
import { defaultControlPath } from '../control/control-path.ts';
import type { CliContext } from './context.ts';
import type { ControlOptions } from './option-values.ts';

/** Asks the running engine something and closes the connection. */
export async function withEngine<T>(
  cli: CliContext,
  { control }: ControlOptions,
  ask: (engine: ControlClient) => Promise<T>,
): Promise<T> {
  await using engine = await ControlClient.connect(control ?? defaultControlPath(cli.env));
  return await ask(engine);
}
