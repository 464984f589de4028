import type { Command } from 'commander';
import { signFile } from '../../upgrade/verify/signature.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import { type JsonOptions, jsonOption } from '../option-values.ts';
import { Output } from '../output.ts';

interface SignOptions extends JsonOptions {
  readonly key: string;
}

export function addSignCommand(program: Command, cli: CliContext): void {
  const command = program
    .command('sign')
    .summary('sign an element library or source')
    .description(
      'Signs a library (.so) or a source (.cc) and writes FILE.sig beside it. A source’s signature covers that file and ' +
        'not what it includes: to cover all of the code, sign the library.',
    )
    .argument('<file>', 'library or source')
    .requiredOption('--key <file>', 'private key; see `hotclick keygen`')
    .addOption(jsonOption())
    .action(async (file: string, { key, json }: SignOptions) => {
      new Output(cli.stdout, json).print(
        await signFile(file, key),
        ({ signature, keyId }) => `${signature}: signed with key ${keyId}`,
      );
    });
  addExamples(command, [['hotclick sign Firewall.so --key release.key', 'writes Firewall.so.sig']]);
}
