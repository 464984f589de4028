import type { Command } from 'commander';
import { makeKeys } from '../../upgrade/verify/signature.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import { type JsonOptions, jsonOption } from '../option-values.ts';
import { Output } from '../output.ts';

export function addKeygenCommand(program: Command, cli: CliContext): void {
  const command = program
    .command('keygen')
    .summary('make a key pair for signing element libraries')
    .description(
      'Makes an ed25519 key pair: FILE signs and is readable by its owner alone, FILE.pub is what engines are told to ' +
        'trust. Files that exist are not written over.',
    )
    .argument('<file>', 'where the private key goes')
    .addOption(jsonOption())
    .action(async (file: string, { json }: JsonOptions) => {
      new Output(cli.stdout, json).print(
        await makeKeys(file),
        ({ privateKey, publicKey, keyId }) =>
          `key ${keyId}: ${privateKey} signs, ${publicKey} is to be trusted`,
      );
    });
  addExamples(command, [['hotclick keygen release.key', 'makes release.key and release.key.pub']]);
}
