/** Whose code an engine accepts. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { HotclickError } from '../../errors.ts';
import { readTrustedKey, signatureFault, type TrustedKey } from './signature.ts';

export interface PolicyOptions {
  readonly trustedKeys?: readonly string[] | undefined;
  readonly requireSignature?: boolean | undefined;
}

export class SignaturePolicy {
  readonly #trusted: readonly TrustedKey[];
  readonly #required: boolean;

  private constructor(trusted: readonly TrustedKey[], required: boolean) {
    this.#trusted = trusted;
    this.#required = required;
  }

  /** @throws HotclickError HC_KEY; HC_ARGUMENT when signatures are required and no key is trusted */
  static async read({ trustedKeys = [], requireSignature = false }: PolicyOptions): Promise<SignaturePolicy> {
    if (requireSignature && trustedKeys.length === 0) {
      throw new HotclickError('HC_ARGUMENT', 'signatures are required but no key is trusted', {
        hint: 'name the public keys with --trusted-key',
      });
    }
    return new SignaturePolicy(await Promise.all(trustedKeys.map(readTrustedKey)), requireSignature);
  }

  /** Whether files need looking at. */
  get isIdle(): boolean {
    return this.#trusted.length === 0 && !this.#required;
  }

  /**
   * A signature that is there must be good; one that is required must be there. The SHA-256 of the content that was
   * accepted.
   * @throws HotclickError HC_SIGNATURE
   */
  async accept(file: string, required = false): Promise<string> {
    const content = await readFile(file).catch((cause: Error) => {
      throw new HotclickError('HC_ARGUMENT', `${file} cannot be read: ${cause.message}`, { cause });
    });
    if (this.#trusted.length === 0) {
      if (required) {
        throw new HotclickError(
          'HC_SIGNATURE',
          `${file}: this engine trusts no key, so no signature is good`,
          {
            hint: 'start the engine with --trusted-key FILE',
          },
        );
      }
    } else {
      await this.#check(file, content, required || this.#required);
    }
    return hashOf(content);
  }

  async #check(file: string, content: Buffer, required: boolean): Promise<void> {
    const text = await readFile(`${file}.sig`, 'utf8').catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return undefined;
      throw new HotclickError('HC_SIGNATURE', `${file}.sig cannot be read: ${cause.message}`, { cause });
    });
    if (text === undefined) {
      if (!required) return;
      throw new HotclickError('HC_SIGNATURE', `${file} is not signed: there is no ${file}.sig`);
    }
    const fault = signatureFault(content, text, this.#trusted);
    if (fault !== undefined) {
      throw new HotclickError('HC_SIGNATURE', `the signature ${file}.sig ${fault}`, { details: { file } });
    }
  }
}

/** @throws HotclickError HC_SIGNATURE when a file is not what was accepted any more */
export async function refuseChanged(file: string, accepted: string): Promise<void> {
  const content = await readFile(file).catch(() => undefined);
  if (content !== undefined && hashOf(content) === accepted) return;
  throw new HotclickError('HC_SIGNATURE', `${file} was changed while it was being read`);
}

function hashOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
